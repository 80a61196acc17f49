/**
 * @file Sends messages one after the other. ZeroMQ's binding allows one waiting send per socket and refuses others, so messages wait here and none
 * is lost.
 */

/** A queue of messages for one socket. */
export interface SendQueue {
  push(frames: Uint8Array[]): void;
  /** resolves when all earlier messages have been sent */
  drained(): Promise<void>;
}

/** Makes a send queue. @param failed called if a send fails; later sends continue */
export function createSendQueue(send: (frames: Uint8Array[]) => Promise<void>, failed: (error: unknown) => void): SendQueue {
  const waiting: Uint8Array[][] = [];
  let pump: Promise<void> = Promise.resolve();
  let pumping = false;
  const run = async () => {
    while (waiting.length > 0) for (const frames of waiting.splice(0)) await send(frames).catch(failed);
    pumping = false;
  };
  return {
    push(frames) {
      waiting.push(frames);
      if (pumping) return;
      pumping = true;
      pump = run();
    },
    drained: () => pump,
  };
}
