/**
 * Gives ijavascript the messaging library zeromq 6 by its interface of version 5 (zeromq/v5-compat). zeromq 5, which ijavascript asks for, has no binary
 * for this Node and builds one from sources that it fetches from GitHub.
 */
const { EventEmitter } = require("node:events");
const compat = require("zeromq/v5-compat");
/** @type {{ _load: (request: string, ...rest: unknown[]) => unknown }} */
const loader = /** @type {never} */ (require("node:module"));

/** A class of today cannot be called on an object, as zeromq 5's could. So its own constructor gets that object from its parent. @this {import("node:events").EventEmitter} @param {unknown} type */
function OldSocket(type) {
  const self = this;
  EventEmitter.call(self);
  Object.setPrototypeOf(compat.Socket, function adopt() {
    return self;
  });
  Reflect.construct(compat.Socket, [type]);
  Object.setPrototypeOf(compat.Socket, EventEmitter);
  if (type === "pub") Object.defineProperty(self, "identity", { writable: true }); // means nothing there, and zeromq 6 refuses it
}
OldSocket.prototype = compat.Socket.prototype;

const load = loader._load;
loader._load = (request, ...rest) =>
  request === "zeromq" ? { ...compat, Socket: OldSocket } : Reflect.apply(load, loader, [request, ...rest]);
