/** @file Jupyter's comms on the side of the cells: which are open, and who hears their messages. */
import { randomUUID } from "node:crypto";
import type { Comm, CommData, CommHost, CommParts } from "../core/host.js";
import type { Json } from "../ipynb/message.js";
import type { CommMessage } from "./threads.js";

/** A message that a comm sends. */
export interface Sent extends CommParts {
  readonly type: CommMessage;
  readonly content: Json;
  /** of an opened or closed comm */
  readonly comm?: { readonly id: string; readonly target?: string };
}

/** The comms of a kernel. */
export interface Comms extends CommHost {
  /** Hands a message of a front end to the comm that it names. What a handler throws is thrown here. */
  hear(type: CommMessage, content: Json, buffers: readonly Uint8Array[]): void;
}

interface Ears {
  readonly comm: Comm;
  readonly messages: ((data: CommData, buffers: readonly Uint8Array[]) => void)[];
  readonly ends: ((data: CommData) => void)[];
}

/** Makes the comms of a kernel. @param send sends a message to all front ends @param widgets whether a front end has asked which widgets are open */
export function createComms(send: (message: Sent) => void, widgets: () => boolean): Comms {
  const opened = new Map<string, Ears>();
  const targets = new Map<string, Parameters<CommHost["take"]>[1]>();

  function added(id: string): Comm {
    const messages: Ears["messages"] = [];
    const ends: Ears["ends"] = [];
    const expectOpen = () => {
      if (!opened.has(id)) throw new Error(`comm ${id}: it is closed; open a new one`);
    };
    const comm: Comm = {
      id,
      send(data, { metadata, buffers } = {}) {
        expectOpen();
        send({ type: "comm_msg", content: { comm_id: id, data }, metadata, buffers });
      },
      close(data = {}) {
        if (!opened.delete(id)) return;
        send({ type: "comm_close", content: { comm_id: id, data }, comm: { id } });
      },
      onMessage: (hear) => void messages.push(hear),
      onClose: (gone) => void ends.push(gone),
    };
    opened.set(id, { comm, messages, ends });
    return comm;
  }

  return {
    widgets,
    open(target, data, { metadata, buffers } = {}) {
      const comm = added(randomUUID());
      const content = { comm_id: comm.id, target_name: target, data };
      send({ type: "comm_open", content, metadata, buffers, comm: { id: comm.id, target } });
      return comm;
    },
    take: (target, take) => void targets.set(target, take),
    hear(type, content, buffers) {
      const id = String(content.comm_id);
      const data = (typeof content.data === "object" && content.data !== null ? content.data : {}) as CommData;
      if (type === "comm_open") {
        const take = targets.get(String(content.target_name));
        if (take) take(added(id), data, buffers);
        else send({ type: "comm_close", content: { comm_id: id, data: {} }, comm: { id } });
        return;
      }
      const ears = opened.get(id);
      if (!ears) return;
      if (type === "comm_msg") for (const hear of ears.messages) hear(data, buffers);
      else {
        opened.delete(id);
        for (const gone of ears.ends) gone(data);
      }
    },
  };
}
