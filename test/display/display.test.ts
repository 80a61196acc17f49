/** One abstraction over notebooks and plain scripts: what is shown, where, in which order, and which libraries come with it. */
import { createRequire } from "node:module";
import { inspect } from "node:util";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type KernelHost, type MimeBundle, setKernelHost } from "#kernel-lib/core/host.js";
import { currentSink, type Displayable, displayable, JUPYTER_DISPLAY, liveOutput, setSink } from "#kernel-lib/display/display.js";
import { memorySink } from "#kernel-lib/display/display-sinks.js";
import { libraryText } from "#kernel-lib/pages/display-library.js";
import { viewerScript } from "#kernel-lib/pages/panorama-figure.js";

const text = (words: string): MimeBundle => ({ "text/plain": words });
const figure = (words: string, needs: readonly ("viewer" | "plots")[] = []): Displayable => displayable(async () => text(words), { needs });
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

let sink = memorySink();
const words = () => sink.shown.map(({ bundle }) => bundle["text/plain"]);
const LIBRARY = "[the viewer for this notebook's figures]";

beforeEach(() => {
  sink = memorySink();
  setSink(sink);
});
afterEach(() => {
  setSink(undefined);
  setKernelHost(undefined);
});

/** A cell of our kernel runs: named, with a signal of its own; everything it waits for. */
function cell(name: string, display: KernelHost["display"] = () => {}): Promise<unknown>[] {
  const awaited: Promise<unknown>[] = [];
  setKernelHost({ cell: name, signal: new AbortController().signal, display, waitFor: (work) => void awaited.push(work) });
  return awaited;
}

describe("what is shown", () => {
  test("keeps the order of the show calls, however long each takes to make", async () => {
    const slow = displayable(async () => {
      await wait(20);
      return text("slow");
    });
    void slow.show();
    void figure("quick").show();
    await figure("last").show();
    expect(words()).toEqual(["slow", "quick", "last"]);
  });

  test("as a cell's last value comes after what the cell showed before, and is returned, not shown", async () => {
    void figure("before").show();
    expect(await figure("value")[JUPYTER_DISPLAY]()).toEqual(text("value"));
    expect(words()).toEqual(["before"]);
  });

  test("is made anew each time, so a figure shows what is true now", async () => {
    let count = 0;
    const counting = displayable(async () => text(`${++count}`));
    await counting.show();
    await counting.show();
    expect(words()).toEqual(["1", "2"]);
  });

  test("that fails rejects its own show, and what follows is shown", async () => {
    const failing = displayable(() => Promise.reject(new Error("no picture")), { needs: ["viewer"] });
    await expect(failing.show()).rejects.toThrow("no picture");
    await figure("next").show();
    expect(words()).toEqual(["next"]); // and no library was left behind
  });

  test("in our kernel goes to the host, whose cell waits for it", async () => {
    const shown: unknown[] = [];
    setSink(undefined);
    const awaited = cell("a", (bundle, options) => void shown.push([bundle, options]));
    expect(currentSink().name).toBe("veduta");
    void figure("hosted").show();
    expect(awaited).toHaveLength(1);
    await Promise.all(awaited);
    expect(shown).toEqual([[text("hosted"), { id: undefined, update: undefined }]]);
  });

  test("in place of itself has one id, shown first and updated after", async () => {
    const output = liveOutput();
    const other = liveOutput();
    for (const step of ["0", "1", "2"]) await output.set(text(step));
    await other.set(text("other"));
    const [first, ...rest] = sink.shown;
    expect(first).toMatchObject({ update: false });
    expect(rest.slice(0, 2)).toEqual([
      expect.objectContaining({ id: first.id, update: true }),
      expect.objectContaining({ id: first.id, update: true }),
    ]);
    expect(rest[2].id).not.toBe(first.id);
  });

  test("in stock tslab goes to its own writer of the running cell, with all forms", async () => {
    setSink(undefined);
    const jupyter = createRequire(import.meta.url)("tslab/dist/jupyter.js") as { lastWriteDisplayData: unknown };
    const sent: unknown[] = [];
    jupyter.lastWriteDisplayData = (message: unknown, update: boolean) => sent.push([message, update]);
    try {
      expect(currentSink().name).toBe("tslab");
      await figure("hosted").show();
      const output = liveOutput();
      await output.set(text("0"));
      await output.set(text("1"));
      expect(inspect(figure("value"))).toBe(""); // its last values are inspected
      await figure("last").show();
    } finally {
      jupyter.lastWriteDisplayData = null;
    }
    const data = (words: string, id: unknown = undefined) => ({ data: text(words), metadata: {}, transient: { display_id: id } });
    const id = expect.stringMatching(/^veduta-/);
    expect(sent).toEqual([
      [data("hosted"), false],
      [data("0", id), false],
      [data("1", id), true],
      [data("value"), false],
      [data("last"), false],
    ]);
    expect(currentSink().name).toBe("files");
  });

  test("in Deno's kernel is broadcast; outside it Deno has no notebook, and says so by throwing", async () => {
    setSink(undefined);
    const sent: unknown[] = [];
    const jupyter = { broadcast: async (...message: unknown[]) => void sent.push(message) };
    let inside = true;
    const deno = Object.defineProperty({}, "jupyter", {
      get: () => {
        if (inside) return jupyter;
        throw new Error("only in a notebook");
      },
    });
    Object.assign(globalThis, { Deno: deno });
    try {
      expect(currentSink().name).toBe("deno");
      const output = liveOutput();
      await output.set(text("0"));
      await output.set(text("1"));
      inside = false;
      expect(currentSink().name).toBe("files");
    } finally {
      Reflect.deleteProperty(globalThis, "Deno");
    }
    const content = (words: string) => ({ data: text(words), metadata: {}, transient: { display_id: expect.stringMatching(/^veduta-/) } });
    expect(sent).toEqual([
      ["display_data", content("0")],
      ["update_display_data", content("1")],
    ]);
  });

  test("a plain script shows in files", () => {
    setSink(undefined);
    expect(currentSink().name).toBe("files");
  });
});

describe("a library", () => {
  test("comes once, before the first figure that needs it", async () => {
    await figure("table").show();
    await figure("first", ["viewer"]).show();
    await figure("second", ["viewer"]).show();
    expect(words()).toEqual(["table", LIBRARY, "first", "second"]);
  });

  test("comes before a last value that needs it", async () => {
    await figure("value", ["viewer"])[JUPYTER_DISPLAY]();
    expect(words()).toEqual([LIBRARY]);
  });

  test("comes again when the cell that held it runs again, not for other cells", async () => {
    cell("a");
    await figure("a1", ["viewer"]).show();
    await figure("a2", ["viewer"]).show();
    cell("b");
    await figure("b", ["viewer"]).show();
    cell("b");
    await figure("b again", ["viewer"]).show();
    cell("a");
    await figure("a1 again", ["viewer"]).show();
    await figure("a2 again", ["viewer"]).show();
    expect(words()).toEqual([LIBRARY, "a1", "a2", "b", "b again", LIBRARY, "a1 again", "a2 again"]);
  });

  test("whose cell ran again and needed none comes with the next figure that does, in any cell", async () => {
    cell("a");
    await figure("a", ["viewer"]).show();
    cell("a");
    await liveOutput().set(text("a without"));
    cell("b");
    await figure("b", ["viewer"]).show();
    expect(words()).toEqual([LIBRARY, "a", "a without", LIBRARY, "b"]);
  });

  test("where no cell is named comes once a process", async () => {
    for (const name of ["1", "2", "3"]) await figure(name, ["viewer"]).show();
    expect(words().filter((word) => word === LIBRARY)).toHaveLength(1);
  });

  test("is the built script, compressed, in a script element that calls no loader, with no words for who has no scripts", async () => {
    await figure("first", ["viewer"]).show();
    const html = String(sink.shown[0].bundle["text/html"]);
    const packed = /atob\("([A-Za-z0-9+/=]+)"\)/.exec(html)?.[1] ?? "";
    expect(gunzipSync(Buffer.from(packed, "base64")).toString()).toBe(libraryText("viewer"));
    expect(html.replace(packed, "")).not.toMatch(/define|require|import\(|https?:/);
    expect(html.replace(/<script>.*<\/script>/s, "")).toBe('<div class="veduta-library"></div>');
    expect(html.length).toBeLessThan(250_000);
  });

  test("that was not built is refused with how to build it", async () => {
    const unknown = ["gone"] as unknown as readonly "viewer"[];
    await expect(figure("x", unknown).show()).rejects.toThrow(
      /veduta-gone\.js: expected the built script of the gone, found no file; run npm run build/,
    );
  });

  test("inside a page's script element cannot end it", () => {
    expect(viewerScript()).not.toMatch(/<\/script|<!--/i);
  });
});
