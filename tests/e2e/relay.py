# SPDX-License-Identifier: Apache-2.0
"""A TCP relay that adds a round trip time, and that can cut, freeze or redirect its connections.

It delays each direction by half the round trip and each connect by one whole, as a handshake over that distance would
cost; it does not model windows or loss. One thread, an asyncio loop inside."""

import asyncio
import threading

CHUNK = 65536
IN_FLIGHT = 256  # chunks a direction holds before it stops reading, 16 MB: more than any delay here needs


class Relay:
    def __init__(self, target_port, rtt=0.0, target_host="127.0.0.1"):
        self.rtt = rtt
        self.connections = 0
        self.to_target = 0  # bytes, all connections
        self.to_client = 0
        self._target = (target_host, target_port)
        self._writers = set()
        self._cut_at = None
        self._cuts = None
        self._until_cut = None
        self.cuts = 0
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._server = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = self._call(self._start())

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _start(self):
        self._flowing.set()
        return await self._listen(0)

    async def _listen(self, port):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        return self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader, writer):
        self.connections += 1
        self._writers.add(writer)
        try:
            await asyncio.sleep(self.rtt)
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            self._drop(writer)
            return
        self._writers.add(far_writer)
        pumps = (self._pump(reader, far_writer, self._count_up), self._pump(far_reader, writer, self._count_down))
        await asyncio.gather(*pumps, return_exceptions=True)
        for end in (writer, far_writer):
            end.close()
            self._writers.discard(end)

    def _count_up(self, size):
        self.to_target += size
        if self._cut_at is not None and self.to_target >= self._cut_at:
            self._cut_now()

    def _count_down(self, size):
        self.to_client += size

    async def _pump(self, reader, writer, count):
        queue = asyncio.Queue(IN_FLIGHT)
        sender = asyncio.ensure_future(self._send(queue, writer, count))
        try:
            while True:
                data = await reader.read(CHUNK)
                await queue.put((self._loop.time() + self.rtt / 2, data))
                if not data:
                    break
            await sender
        except OSError:
            sender.cancel()
            self._drop(writer)

    async def _send(self, queue, writer, count):
        while True:
            due, data = await queue.get()
            await asyncio.sleep(due - self._loop.time())
            await self._flowing.wait()
            if not data:
                if writer.can_write_eof():
                    writer.write_eof()
                return
            if self._until_cut is not None and self._until_cut <= len(data):
                await self._cut_within(data, writer)
                return
            if self._until_cut is not None:
                self._until_cut -= len(data)
            writer.write(data)
            await writer.drain()
            count(len(data))

    async def _cut_within(self, data, writer):
        writer.write(data[:self._until_cut])
        self._until_cut = next(self._cuts, None)
        self.cuts += 1
        await asyncio.sleep(0)
        self._cut_now()

    def _drop(self, writer):
        """Ends a connection with RST, as a cable that is pulled looks to whoever keeps sending."""
        writer.transport.abort()
        self._writers.discard(writer)

    def _cut_now(self):
        for writer in list(self._writers):
            self._drop(writer)

    def cut(self):
        """Drops every connection; new ones still work."""
        self._loop.call_soon_threadsafe(self._cut_now)

    async def _unplug(self):
        self._server.close()
        self._cut_now()

    def unplug(self):
        """Drops every connection and refuses new ones, until plug()."""
        self._call(self._unplug())

    def plug(self):
        self._call(self._listen(self.port))

    def cut_after(self, size):
        """Drops every connection as soon as `size` bytes in all have gone to the target."""
        self._cut_at = size

    def cut_every(self, sizes):
        """Drops every connection each time that the next of `sizes` bytes have passed, in both directions together."""
        def start():
            self._cuts = iter(sizes)
            self._until_cut = next(self._cuts, None)
        self._loop.call_soon_threadsafe(start)

    def redirect(self, target_port):
        """New connections go to another port of this machine."""
        self._target = ("127.0.0.1", target_port)

    def freeze(self, frozen=True):
        """Stops forwarding, with every connection left open; False goes on."""
        self._loop.call_soon_threadsafe(self._flowing.clear if frozen else self._flowing.set)

    async def _stop(self):
        await self._unplug()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def close(self):
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
