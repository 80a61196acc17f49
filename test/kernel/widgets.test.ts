/** @file Comms and widgets, as a front end meets them: opened, told, heard, closed. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, type Client, contents, printed, startKernel } from "./client.js";

let kernel: Client;
beforeAll(async () => {
  kernel = await startKernel("veduta");
  await kernel.execute(
    'import { button, interact, select, slider, widget, memorySink } from "veduta"; const host = () => (globalThis as any)[Symbol.for("veduta.host")];',
  );
});
afterAll(() => kernel.close());

interface Opened {
  readonly comm_id: string;
  readonly target_name: string;
  readonly data: { readonly state: Record<string, unknown> };
}
const opened = (answer: Answer) => contents(answer, "comm_open")[0] as unknown as Opened;
const value = async (code: string) =>
  (contents(await kernel.execute(code), "execute_result")[0]?.data as Record<string, string> | undefined)?.["text/plain"];
const update = (id: string, state: object) => kernel.comm("comm_msg", { comm_id: id, data: { method: "update", state, buffer_paths: [] } });

describe("a comm", () => {
  test("whose message has no id, or one that is no text, is ignored", async () => {
    for (const content of [{ target_name: "nothing" }, { comm_id: { toString: 1 }, target_name: "nothing", data: {} }])
      kernel.send(kernel.shell, "comm_open", content);
    expect(await value("2 + 2")).toBe("4");
    expect((await kernel.request("comm_info_request")).reply.comms).toEqual({});
  });

  test("of a target that nobody takes is closed at once", async () => {
    const { published } = await kernel.comm("comm_open", { comm_id: "c0", target_name: "nothing", data: {} });
    expect(contents({ published }, "comm_close")).toEqual([{ comm_id: "c0", data: {} }]);
  });

  test("of a target that a cell takes brings data and buffers both ways, is listed while it is open, and can be closed by either side", async () => {
    await kernel.execute(`let heard: unknown[] = []; let ended = 0;
host().comms.take("echo", (comm: any, data: any, buffers: Uint8Array[]) => {
  heard.push(data, buffers.length);
  comm.onMessage((data: any, buffers: Uint8Array[]) => comm.send({ back: data.n + 1 }, { buffers: [Uint8Array.from(buffers[0], (x) => 2 * x)] }));
  comm.onClose(() => ended++);
});`);
    await kernel.comm("comm_open", { comm_id: "c1", target_name: "echo", data: { hello: 1 } }, [Uint8Array.of(1)]);
    expect(await value("heard")).toBe("[ { hello: 1 }, 1 ]");
    expect((await kernel.request("comm_info_request", { target_name: "echo" })).reply.comms).toEqual({ c1: { target_name: "echo" } });
    const { published, id } = await kernel.comm("comm_msg", { comm_id: "c1", data: { n: 4 } }, [Uint8Array.of(7, 8)]);
    const [answer] = published.filter(({ header }) => header.msg_type === "comm_msg");
    expect(answer.content).toEqual({ comm_id: "c1", data: { back: 5 } });
    expect([...(answer.buffers?.[0] ?? [])]).toEqual([14, 16]);
    expect(answer.parent?.msg_id).toBe(id);
    await kernel.comm("comm_close", { comm_id: "c1", data: {} });
    expect(await value("ended")).toBe("1");
    expect((await kernel.request("comm_info_request")).reply.comms).toEqual({});
  });

  test("whose handler throws says so, and the kernel goes on", async () => {
    await kernel.execute('host().comms.take("bad", () => { throw new RangeError("not this one"); });');
    const { published } = await kernel.comm("comm_open", { comm_id: "c2", target_name: "bad", data: {} });
    expect(printed({ published }, "stderr")).toContain("not this one");
    expect(await value("1 + 1")).toBe("2");
  });
});

describe("a slider", () => {
  let id: string;
  test("opens a widget when it is shown, beside a still form", async () => {
    const answer = await kernel.execute('const weight = slider({ min: 0, max: 40, value: 20, label: "weight" });\nweight');
    const { comm_id, target_name, data } = opened(answer);
    id = comm_id;
    expect(target_name).toBe("jupyter.widget");
    expect(data.state).toMatchObject({
      _model_module: "anywidget",
      _view_name: "AnyView",
      value: 20,
      min: 0,
      max: 40,
      step: 1,
      label: "weight",
    });
    const [shown] = contents(answer, "execute_result") as unknown as { data: Record<string, unknown> }[];
    expect(shown.data["application/vnd.jupyter.widget-view+json"]).toEqual({ version_major: 2, version_minor: 1, model_id: id });
    expect(shown.data["text/plain"]).toBe("[weight: 20]");
    expect((await kernel.request("comm_info_request", { target_name: "jupyter.widget" })).reply.comms).toHaveProperty(id);
  });

  test("hears what the user does, tells the other pages, and calls its observers, whose output belongs to that message", async () => {
    await kernel.execute("const end = weight.observe((x) => console.log('now', x));");
    const { published } = await update(id, { value: 31 });
    expect(printed({ published })).toBe("now 31\n");
    expect(contents({ published }, "comm_msg")).toEqual([
      { comm_id: id, data: { method: "echo_update", state: { value: 31 }, buffer_paths: [] } },
    ]);
    expect(await value("weight.value")).toBe("31");
    await kernel.execute("end();");
    expect(printed(await update(id, { value: 12 }))).toBe("");
  });

  test("gives its whole state to a page that asks, and is changed from a cell", async () => {
    const { published } = await kernel.comm("comm_msg", { comm_id: id, data: { method: "request_state" } });
    expect((contents({ published }, "comm_msg")[0] as unknown as Opened).data.state).toMatchObject({ value: 12, max: 40 });
    const answer = await kernel.execute("weight.set(5);");
    expect(contents(answer, "comm_msg")).toEqual([{ comm_id: id, data: { method: "update", state: { value: 5 }, buffer_paths: [] } }]);
    expect((await kernel.execute("weight.set(50);")).reply.evalue).toContain("slider: got value 50, want 0 to 40");
  });

  test("ignores names that its state does not have", async () => {
    await update(id, { value: 6, _esm: "stolen", other: 1 });
    const { published } = await kernel.comm("comm_msg", { comm_id: id, data: { method: "request_state" } });
    const { state } = (contents({ published }, "comm_msg")[0] as unknown as Opened).data;
    expect(state).toMatchObject({ value: 6 });
    expect(state).not.toHaveProperty("other");
    expect(state._esm).not.toBe("stolen");
  });
});

test("select and button are widgets too", async () => {
  const answer = await kernel.execute('const method = select({ options: ["sync", "multi"], label: "method" });\nmethod');
  await update(opened(answer).comm_id, { value: "multi" });
  expect(await value("method.value")).toBe("'multi'");
  const pressed = await kernel.execute('const go = button("Go");\ngo');
  await update(opened(pressed).comm_id, { value: 1 });
  expect(await value("go.value")).toBe("1");
});

describe("interact", () => {
  test("runs again with the latest values only, stops what runs by its signal, and replaces what it showed", async () => {
    const answer = await kernel.execute(`const runs: number[] = []; const stopped: number[] = [];
let open = () => {};
const gate = new Promise<void>((resolve) => (open = resolve)); // the work on 2 ends when the test says so
const side = slider({ min: 0, max: 100, value: 1 });
const follow = await interact({ side }, async ({ side }, { signal }) => {
  runs.push(side);
  signal.addEventListener("abort", () => stopped.push(side));
  if (side === 2) await gate;
  return "side " + side;
});`);
    const { comm_id } = opened(answer);
    expect(contents(answer, "display_data").map(({ data }) => (data as Record<string, unknown>)["text/plain"])).toContain("side 1");
    for (const next of [2, 3, 4, 5]) await update(comm_id, { value: next });
    await kernel.execute("open();\nawait follow.settled();");
    expect(await value("[runs, stopped]")).toBe("[ [ 1, 2, 5 ], [ 2 ] ]");
    const shown = kernel.everything.filter(({ header }) => header.msg_type === "update_display_data");
    expect(shown.map(({ content }) => (content.data as Record<string, unknown>)["text/plain"])).toEqual(["side 5"]);
    await kernel.execute("side.set(7);\nawait follow.settled();"); // from a cell as well
    expect(await value("runs")).toBe("[ 1, 2, 5, 7 ]");
    await kernel.execute("follow.stop();");
    await update(comm_id, { value: 9 });
    expect(await value("runs.length")).toBe("4");
  });

  test("shows what its work throws, and goes on with the next values", async () => {
    const answer = await kernel.execute(`const odd = slider({ min: 1, max: 100, value: 1 });
const risky = await interact({ odd }, ({ odd }) => { if (odd % 2) throw new RangeError("odd: " + odd); return "even"; });`);
    const texts = () =>
      kernel.everything
        .filter(({ header }) => /display_data$/.test(header.msg_type))
        .map(({ content }) => (content.data as Record<string, unknown>)["text/plain"]);
    expect(texts()).toContain("RangeError: odd: 1");
    await update(opened(answer).comm_id, { value: 2 });
    await kernel.execute("await risky.settled();");
    expect(texts()).toContain("even");
  });
});

test("a widget of one's own shares its state; what JSON cannot hold is refused", async () => {
  const answer =
    await kernel.execute(`const own = widget({ esm: "export default { render({ model, el }) { el.textContent = model.get('n'); } }", state: { n: 1 }, still: ({ n }) => ({ "text/plain": "n is " + n }) });
own`);
  expect(opened(answer).data.state).toMatchObject({ n: 1, _esm: expect.stringContaining("render") });
  const refused = await kernel.execute('widget({ esm: "", state: { f: () => 1 }, still: () => ({}) })');
  expect(refused.reply.evalue).toContain("state.f");
});

describe("the state of a figure", () => {
  const VIEW = `import { figure, panoramaView, tensor } from "veduta";
const painted = () => panoramaView(tensor(new Float32Array(3 * 8 * 32), [1, 3, 8, 32]), { edge: "wrap", state: { heading: 10 } });`;

  test("is the notebook's alone where no front end has asked for widgets", async () => {
    const alone = await startKernel("veduta");
    const answer = await alone.execute(`${VIEW} const view = painted();\nawait view.show(); view.set({ heading: 190 });\nview.state`);
    expect(contents(answer, "comm_open")).toEqual([]);
    expect(contents(answer, "execute_result")[0]?.data).toMatchObject({ "text/plain": "{ heading: -170 }" });
    alone.close();
  });

  test("is shared by a widget without a view where one has, both ways, and is checked", async () => {
    await kernel.request("comm_info_request", { target_name: "jupyter.widget" });
    const answer = await kernel.execute(
      `${VIEW} const view = painted(); const seen: unknown[] = []; view.observe(({ fov }) => seen.push(fov));\nview`,
    );
    const { comm_id, data } = opened(answer);
    expect(data.state).toMatchObject({ view: { heading: 10 }, _esm: expect.stringContaining("initialize") });
    const [shown] = contents(answer, "execute_result") as unknown as { data: Record<string, string> }[];
    expect(shown.data["text/html"]).toContain(`data-veduta-state="${data.state.key}"`);
    expect(shown.data).not.toHaveProperty("application/vnd.jupyter.widget-view+json");
    await update(comm_id, { view: { heading: 33, pitch: 0, roll: 0, fov: 60, projection: "perspective", step: null, compare: null } });
    expect(await value("[view.state.heading, seen]")).toBe("[ 33, [ 60 ] ]");
    const turned = await kernel.execute('view.set({ projection: "planet", fov: 200 });');
    expect(contents(turned, "comm_msg")[0]).toMatchObject({ data: { state: { view: { heading: 33, projection: "planet", fov: 200 } } } });
    expect((await kernel.execute("view.set({ pitch: 91 });")).reply.evalue).toBe(
      "panoramaView: state.pitch: got 91, want a number of degrees from -90 to 90",
    );
  });

  test("read from a page that does not answer is what was given", async () => {
    expect(await value("const lonely = painted(); await lonely.read()")).toBe("{ heading: 10 }");
  });

  test("of a plot is its axes, its legend, the chosen window and the clicked point", async () => {
    const answer = await kernel.execute("const curve = figure([{ y: [1, 2] }]);\ncurve");
    const point = { trace: 0, index: 1, x: 1, y: 2 };
    await update(opened(answer).comm_id, { view: { axes: { xaxis: [0, 5] }, hidden: [], window: null, point } });
    expect(await value("curve.state.point")).toBe("{ trace: 0, index: 1, x: 1, y: 2 }");
    expect((await kernel.execute("curve.set({ hidden: [-1] });")).reply.evalue).toContain("plot: state.hidden: got [-1]");
    expect((await kernel.execute("curve.set({ axes: { x: [0, 1] } });")).reply.evalue).toContain("plot: state.axes");
  });
});
