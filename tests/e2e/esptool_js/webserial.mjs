// SPDX-License-Identifier: Apache-2.0
// The part of the Web Serial API's SerialPort that esptool-js uses, over any port with open, setBaud, setControls, write
// and close.
import { CONTROL } from "./rfc2217.mjs";

export class SerialPort {
  constructor(port) {
    this.port = port;
    this.readable = null;
    this.writable = null;
  }

  getInfo() {
    return {};
  }

  async open({ baudRate }) {
    const { port } = this;
    this.readable = new ReadableStream({
      start: (controller) => {
        port.onData = (bytes) => controller.enqueue(bytes);
        port.onClose = () => closeQuietly(controller);
      },
      cancel: () => {
        port.onData = () => {};
      },
    });
    await port.open(baudRate);
    this.writable = new WritableStream({ write: (bytes) => port.write(bytes) });
  }

  // esptool-js changes the rate in place where the port can.
  async setBaudRate(baudRate) {
    await this.port.setBaud(baudRate);
  }

  async setSignals({ dataTerminalReady, requestToSend, break: sendBreak }) {
    const controls = [];
    if (sendBreak !== undefined) controls.push(sendBreak ? CONTROL.breakOn : CONTROL.breakOff);
    if (dataTerminalReady !== undefined) controls.push(dataTerminalReady ? CONTROL.dtrOn : CONTROL.dtrOff);
    if (requestToSend !== undefined) controls.push(requestToSend ? CONTROL.rtsOn : CONTROL.rtsOff);
    await this.port.setControls(controls);
  }

  async close() {
    this.readable = null;
    this.writable = null;
    await this.port.close();
  }
}

function closeQuietly(controller) {
  try {
    controller.close();
  } catch {
    // The reader cancelled the stream first.
  }
}
