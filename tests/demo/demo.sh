#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `./dev run` shows: firmware reaches a (virtual) board through HTTP. Needs a release build.
#   demo.sh          flash, then keep serving on 127.0.0.1:8217 until Ctrl-C
#   demo.sh --once   flash, then end with the flash's exit status
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly BIN=build/bin DIR=build/run
readonly START_SECONDS=10
once=false
listen=${FARFLASH_LISTEN:-127.0.0.1:8217}
case "${1:-}" in
'') ;;
--once) once=true listen=127.0.0.1:0 ;;
*) printf 'usage: ./dev run [--once]\n' >&2 && exit 2 ;;
esac

children=()
finish() {
	trap - EXIT INT TERM
	[ "${#children[@]}" = 0 ] || kill "${children[@]}" 2>/dev/null || true
	wait 2>/dev/null || true
}
trap finish EXIT
trap 'exit 0' INT TERM

# start LOG COMMAND...: runs it in the background and waits for its "listening on URL", which it puts into $url.
start() {
	local log=$1 deadline=$((SECONDS + START_SECONDS))
	shift
	"$@" >"$log" 2>&1 &
	children+=($!)
	until url=$(sed -n 's|.*listening on \([a-z0-9]*://[^ ]*\).*|\1|p' "$log" | head -n 1) && [ -n "$url" ]; do
		if ! kill -0 $! 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
			printf '%s did not start:\n' "$1" >&2
			cat "$log" >&2
			exit 1
		fi
		sleep 0.05
	done
}

mkdir -p "$DIR"
image() {
	/usr/bin/python3 tests/e2e/firmware.py --chip esp32 --size "$1" --output "$DIR/$2"
}
image 24576 bootloader.bin
image 262144 app.bin

start "$DIR/board.log" "$BIN/farflash-board" --chip esp32 --flash "$DIR/flash.bin" --timing real --listen rfc2217:0
board=$url
start "$DIR/farflashd.log" "$BIN/farflashd" --listen "$listen" --data-dir "$DIR/data" --board "demo=$board"
server=$url

printf '\nA virtual ESP32 is at %s; farflashd serves it as "demo" at %s.\n\n' "$board" "$server"
images=(-F "0x1000=@$DIR/bootloader.bin" -F "0x10000=@$DIR/app.bin")
printf '$ curl -H "Accept: text/plain" %s %s/api/v1/boards/demo/flash\n' "${images[*]}" "$server"
curl --silent --show-error --fail-with-body --no-buffer -H 'Accept: text/plain' \
	"${images[@]}" "$server/api/v1/boards/demo/flash"

holds() {
	cmp -n "$(stat -c %s "$DIR/$2")" "$DIR/$2" "$DIR/flash.bin" 0 $(($1))
}
holds 0x1000 bootloader.bin
holds 0x10000 app.bin
printf '\nThe flash of the board, %s, holds both images, byte for byte.\n' "$DIR/flash.bin"
$once && exit 0

cat <<NEXT

Still serving. In another terminal, try:
  curl $server/api/v1/boards
  curl ${images[*]} $server/api/v1/boards/demo/flash
  $BIN/farflash --server $server write-flash 0x10000 $DIR/app.bin
  $BIN/farflash --server $server flash-id
  $BIN/farflash --server $server monitor --reset
Logs and the flash content are in $DIR. Ctrl-C ends it.
NEXT
wait
