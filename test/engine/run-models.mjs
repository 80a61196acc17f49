/** @file A process of its own for models on a device: its environment names the graphics driver, which a running process cannot change. */
import { openSession } from "#kernel-lib/engine/session.js";

process.on("message", async ({ model, feeds, options }) => {
  try {
    const session = await openSession(model, options);
    process.send?.({ results: await session.run(feeds) });
    await session.release();
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.message : String(error) });
  }
});
