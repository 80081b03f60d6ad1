// SPDX-License-Identifier: Apache-2.0
// Works on a board with Espressif's esptool-js, as an independent client:
//   node flash.mjs '{"address": "rfc2217://127.0.0.1:7001", "baud": 460800, "stub": true, "compress": true,
//                    "files": [{"address": 65536, "path": "app.bin"}]}'
// or, through the stub only, with "operation": "read" and one file that also has a "size", or "operation": "erase".
// Prints one JSON object on stdout; everything that esptool-js says goes to stderr. Exit status 0 only if it worked.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

import { Rfc2217Port } from "./rfc2217.mjs";
import { RawTcpPort } from "./rawtcp.mjs";
import { SerialPort } from "./webserial.mjs";

console.log = console.error; // esptool-js logs with console.log
const { ESPLoader, Transport } = await import("esptool-js");

const ROM_BAUD = 115200;
const ROM_BLOCK = 0x400; // what ROM loaders take in one packet

function openPort(address) {
  const { protocol, hostname, port } = new URL(address);
  const Port = { "rfc2217:": Rfc2217Port, "socket:": RawTcpPort }[protocol];
  return new SerialPort(new Port(hostname, Number(port)));
}

// esptool-js always starts its stub; without it, this does what its main() does otherwise, and attaches the flash as
// ROMs want it (8 bytes).
async function connectToRom(loader, before) {
  await loader.detectChip(before);
  loader.FLASH_WRITE_SIZE = ROM_BLOCK;
  if (loader.chip.CHIP_NAME === "ESP8266") return;
  await loader.checkCommand("attach the flash", loader.ESP_SPI_ATTACH, new Uint8Array(8));
  if (loader.baudrate !== loader.romBaudrate) await changeRomBaud(loader);
}

async function changeRomBaud(loader) {
  const request = new Uint8Array(8);
  new DataView(request.buffer).setUint32(0, loader.baudrate, true);
  await loader.checkCommand("change the rate", loader.ESP_CHANGE_BAUDRATE, request);
  await loader.transport.changeBaudrate(loader.baudrate);
}

function md5(bytes) {
  return createHash("md5").update(bytes).digest("hex");
}

// esptool-js expects the stub's binary MD5, so a ROM's hexadecimal one must be asked for here.
async function romMd5(loader, address, size) {
  const request = new Uint8Array(16);
  const view = new DataView(request.buffer);
  view.setUint32(0, address, true);
  view.setUint32(4, size, true);
  const answer = await loader.checkCommand("MD5", loader.ESP_SPI_FLASH_MD5, request, 0, 32, 60000);
  return String.fromCharCode(...answer);
}

async function verifyByRom(loader, files) {
  for (const { address, data } of files) {
    const found = await romMd5(loader, address, data.length);
    if (found !== md5(data)) throw new Error(`the ROM's MD5 of 0x${address.toString(16)} is ${found}`);
  }
}

async function write(loader, { stub, compress, files }) {
  const fileArray = files.map((file) => ({ address: file.address, data: new Uint8Array(readFileSync(file.path)) }));
  await loader.writeFlash({ fileArray, flashSize: "keep", flashMode: "keep", flashFreq: "keep", eraseAll: false,
    compress, calculateMD5Hash: stub ? md5 : undefined });
  const canVerify = !stub && loader.chip.CHIP_NAME !== "ESP8266"; // its ROM has no MD5 command
  if (canVerify) await verifyByRom(loader, fileArray);
}

async function read(loader, { files }) {
  const [{ address, size, path }] = files;
  writeFileSync(path, await loader.readFlash(address, size));
  await loader.transport.read(3000); // the stub's MD5, which esptool-js leaves lying
}

async function erase(loader) {
  await loader.eraseFlash();
}

async function work(job) {
  const { address, baud, stub, before, operation } = job;
  const transport = new Transport(openPort(address), false);
  const terminal = { clean() {}, write: (text) => process.stderr.write(text), writeLine: (text) => console.error(text) };
  const loader = new ESPLoader({ transport, baudrate: baud, romBaudrate: ROM_BAUD, terminal });
  const times = [performance.now()];
  if (stub) await loader.main(before);
  else await connectToRom(loader, before);
  times.push(performance.now());
  await { write, read, erase }[operation](loader, job);
  times.push(performance.now());
  const result = { chip: loader.chip.CHIP_NAME, description: await loader.chip.getChipDescription(loader),
    mac: await loader.chip.readMac(loader), stub: loader.IS_STUB, baud: loader.baudrate,
    flash_id: (await loader.readFlashId()) >>> 0 };
  if (before === "default_reset") await resetIntoApplication(transport);
  times.push(performance.now());
  await transport.disconnect();
  const [connect, worked, reboot] = times.slice(1).map((time, i) => (time - times[i]) / 1000);
  return { ...result, seconds: { connect, [operation]: worked, reboot } };
}

async function resetIntoApplication(transport) {
  await transport.setSignals(false, true);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await transport.setSignals(false, false);
}

try {
  const defaults = { baud: ROM_BAUD, stub: true, compress: true, before: "default_reset", operation: "write" };
  process.stdout.write(JSON.stringify(await work({ ...defaults, ...JSON.parse(process.argv[2]) })) + "\n");
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
