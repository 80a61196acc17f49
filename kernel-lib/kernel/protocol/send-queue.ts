/**
 * @file One send after the other. ZeroMQ's binding takes one waiting send a socket, and a few hundred without giving way to the loop; what
 * comes beyond is refused. So messages wait here, and none is lost.
 */

export interface SendQueue {
  push(frames: Uint8Array[]): void;
  /** settles when all that was pushed before is out */
  drained(): Promise<void>;
}

/** @param failed hears of a send that the socket refused; those after it go on */
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
