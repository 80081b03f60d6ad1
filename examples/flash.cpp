// SPDX-License-Identifier: Apache-2.0
// Reads a file into memory and writes it into a board's flash: flash PORT OFFSET FILE
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <farflash/farflash.h>

using Bytes = std::vector<char>;

struct ClosePort {
	void operator()(ff_transport *port) const
	{
		ff_transport_close(port);
		delete port;
	}
};

struct CloseBoard {
	void operator()(ff_flasher *board) const
	{
		ff_flasher_close(board, FF_AFTER_HARD_RESET, nullptr);
	}
};

using Port = std::unique_ptr<ff_transport, ClosePort>;
using Board = std::unique_ptr<ff_flasher, CloseBoard>;

static void check(ff_status status, const ff_error &error)
{
	if (status != FF_OK) {
		throw std::runtime_error(error.text);
	}
}

static Port open_port(const char *address)
{
	Port port(new ff_transport{});
	ff_error error = FF_ERROR_NONE;
	check(ff_transport_open(port.get(), address, nullptr, &error), error);
	return port;
}

static Board open_board(const Port &port)
{
	ff_flasher *board = nullptr;
	ff_error error = FF_ERROR_NONE;
	check(ff_flasher_open(&board, port.get(), nullptr, nullptr, &error), error);
	return Board(board);
}

static ff_status read_bytes(void *context, uint64_t offset, uint8_t *bytes, size_t size, ff_error *)
{
	const auto &image = *static_cast<const Bytes *>(context);
	std::copy_n(image.begin() + static_cast<std::ptrdiff_t>(offset), size, bytes);
	return FF_OK;
}

static void write(const Board &board, uint32_t offset, Bytes &image)
{
	ff_region region{};
	region.offset = offset;
	region.source.size = image.size();
	region.source.read = read_bytes;
	region.source.context = &image;
	ff_error error = FF_ERROR_NONE;
	check(ff_flasher_write(board.get(), &region, 1, nullptr, nullptr, &error), error);
}

static Bytes load(const char *path)
{
	std::ifstream file(path, std::ios::binary);
	if (!file) {
		throw std::runtime_error(std::string("cannot open ") + path);
	}
	return { std::istreambuf_iterator<char>(file), {} };
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		std::cerr << "usage: flash PORT OFFSET FILE\n";
		return 2;
	}
	try {
		Bytes image = load(argv[3]);
		Port port = open_port(argv[1]);
		Board board = open_board(port);
		write(board, static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 0)), image);
		std::cout << ff_flasher_info(board.get())->chip << ": written and verified\n";
	} catch (const std::exception &failure) {
		std::cerr << failure.what() << "\n";
		return 1;
	}
}
