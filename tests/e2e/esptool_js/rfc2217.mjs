// SPDX-License-Identifier: Apache-2.0
// A small RFC 2217 client, written from the RFCs (854, 856, 2217) and sharing nothing with the C codec, so that the two
// check each other. It waits for the acknowledgement of everything that it sets.
import net from "node:net";

const IAC = 255, DONT = 254, DO = 253, WONT = 252, WILL = 251, SB = 250, SE = 240;
const BINARY = 0, SUPPRESS_GO_AHEAD = 3, COM_PORT = 44;
const SET_BAUDRATE = 1, SET_DATASIZE = 2, SET_PARITY = 3, SET_STOPSIZE = 4, SET_CONTROL = 5;
const FLOW_SUSPEND = 8, FLOW_RESUME = 9, PURGE_DATA = 12, REPLY = 100;
export const CONTROL = { breakOn: 5, breakOff: 6, dtrOn: 8, dtrOff: 9, rtsOn: 11, rtsOff: 12 };
const ANSWER_MS = 10000;

// Takes network bytes apart: data, commands with an option, and subnegotiations.
export class TelnetParser {
  constructor(handler) {
    this.handler = handler;
    this.state = "data";
    this.command = 0;
    this.body = [];
  }

  push(bytes) {
    const data = [];
    for (const byte of bytes) this.step(byte, data);
    if (data.length > 0) this.handler.data(Uint8Array.from(data));
  }

  step(byte, data) {
    switch (this.state) {
      case "data":
        if (byte === IAC) this.state = "iac";
        else data.push(byte);
        return;
      case "iac":
        this.afterIac(byte, data);
        return;
      case "option":
        this.handler.option(this.command, byte);
        this.state = "data";
        return;
      case "sub":
        if (byte === IAC) this.state = "sub-iac";
        else this.body.push(byte);
        return;
      case "sub-iac":
        this.insideSub(byte);
    }
  }

  afterIac(byte, data) {
    this.state = "data";
    if (byte === IAC) data.push(IAC);
    else if (byte === SB) [this.state, this.body] = ["sub", []];
    else if (byte >= WILL) [this.state, this.command] = ["option", byte];
  }

  insideSub(byte) {
    if (byte === IAC) {
      this.body.push(IAC);
      this.state = "sub";
    } else if (byte === SE) {
      this.handler.sub(this.body);
      this.state = "data";
    } else {
      throw new Error(`IAC ${byte} inside a subnegotiation`);
    }
  }
}

export function escapeIac(bytes) {
  const out = [];
  for (const byte of bytes) byte === IAC ? out.push(IAC, IAC) : out.push(byte);
  return Uint8Array.from(out);
}

export function subnegotiation(code, value) {
  return Uint8Array.from([IAC, SB, COM_PORT, code, ...escapeIac(value), IAC, SE]);
}

export class Rfc2217Port {
  constructor(host, port) {
    this.host = host;
    this.port = port;
    this.onData = () => {};
    this.onClose = () => {};
    this.waiting = []; // { code, resolve }
    this.local = new Map(); // option: true once agreed
    this.remote = new Map();
    this.suspended = null;
  }

  async open(baud) {
    this.local.clear();
    this.remote.clear();
    const socket = net.connect({ host: this.host, port: this.port, noDelay: true });
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    this.socket = socket;
    const parser = new TelnetParser(this);
    socket.on("data", (bytes) => parser.push(bytes));
    socket.on("error", () => {});
    socket.on("close", () => this.socket === socket && this.onClose()); // not once it is open again
    const agreed = this.until(() => this.local.get(COM_PORT) && this.local.get(BINARY) && this.remote.get(BINARY),
      "the server to agree to COM-PORT-OPTION and BINARY");
    for (const option of [COM_PORT, BINARY, SUPPRESS_GO_AHEAD]) this.raw([IAC, WILL, option]);
    for (const option of [BINARY, SUPPRESS_GO_AHEAD]) this.raw([IAC, DO, option]);
    await agreed;
    await this.setBaud(baud);
    await this.ask(SET_DATASIZE, [8], [8]);
    await this.ask(SET_PARITY, [1], [1]);
    await this.ask(SET_STOPSIZE, [1], [1]);
  }

  // The handler's side of TelnetParser.
  data(bytes) {
    this.onData(bytes);
  }

  option(command, option) {
    const mine = [BINARY, SUPPRESS_GO_AHEAD, COM_PORT].includes(option);
    if (command === DO || command === DONT) {
      if (command === DO && !mine) this.raw([IAC, WONT, option]);
      this.local.set(option, command === DO && mine);
    } else {
      const wanted = command === WILL && (option === BINARY || option === SUPPRESS_GO_AHEAD);
      if (command === WILL && !wanted) this.raw([IAC, DONT, option]);
      this.remote.set(option, wanted);
    }
    this.settle(null);
  }

  sub([option, code, ...value]) {
    if (option !== COM_PORT) return;
    if (code === FLOW_SUSPEND) this.suspended ??= deferred();
    if (code === FLOW_RESUME) {
      this.suspended?.resolve();
      this.suspended = null;
    }
    this.settle({ code, value });
  }

  settle(message) {
    this.waiting = this.waiting.filter((wait) => !wait(message));
  }

  // Resolves with the first message for which `condition` is true; option changes come as null.
  until(condition, what) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited ${ANSWER_MS} ms for ${what}`)), ANSWER_MS);
      this.waiting.push((message) => {
        if (!condition(message)) return false;
        clearTimeout(timer);
        resolve(message);
        return true;
      });
    });
  }

  raw(bytes) {
    this.socket.write(Uint8Array.from(bytes));
  }

  async ask(code, value, expected) {
    const answered = this.until((m) => m?.code === code + REPLY && (!expected || same(m.value, expected)),
      `the acknowledgement of ${code} with ${value}`);
    this.socket.write(subnegotiation(code, value));
    return (await answered).value;
  }

  async setBaud(baud) {
    const bytes = [baud >>> 24, (baud >>> 16) & 255, (baud >>> 8) & 255, baud & 255];
    await this.ask(SET_BAUDRATE, bytes, bytes);
  }

  // Several controls go out in one segment, as near to "at once" as the protocol allows.
  async setControls(values) {
    const answers = values.map((value) => this.until((m) => m?.code === SET_CONTROL + REPLY && m.value[0] === value,
      `the acknowledgement of control ${value}`));
    this.socket.write(Buffer.concat(values.map((value) => subnegotiation(SET_CONTROL, [value]))));
    await Promise.all(answers);
  }

  async purge() {
    await this.ask(PURGE_DATA, [3], [3]);
  }

  async write(bytes) {
    if (this.suspended) await this.suspended.promise;
    await new Promise((resolve, reject) =>
      this.socket.write(escapeIac(bytes), (error) => (error ? reject(error) : resolve())));
  }

  async close() {
    this.socket.end();
    this.socket.destroy();
  }
}

function same(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function deferred() {
  const it = {};
  it.promise = new Promise((resolve) => (it.resolve = resolve));
  return it;
}
