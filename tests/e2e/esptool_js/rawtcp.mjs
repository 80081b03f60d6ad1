// SPDX-License-Identifier: Apache-2.0
// A serial port that is a bare TCP connection: bytes only, no rate, no lines.
import net from "node:net";

export class RawTcpPort {
  constructor(host, port) {
    this.host = host;
    this.port = port;
    this.onData = () => {};
    this.onClose = () => {};
  }

  async open() {
    const socket = net.connect({ host: this.host, port: this.port, noDelay: true });
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    this.socket = socket;
    socket.on("data", (bytes) => this.onData(new Uint8Array(bytes)));
    socket.on("error", () => {});
    socket.on("close", () => this.socket === socket && this.onClose()); // not once it is open again
  }

  async setBaud() {}

  async setControls() {}

  async write(bytes) {
    await new Promise((resolve, reject) =>
      this.socket.write(bytes, (error) => (error ? reject(error) : resolve())));
  }

  async close() {
    this.socket.destroy();
  }
}
