/** @file An engine whose programs run on another machine: a call becomes requests to a server, its rows cut and filled up as for a session here. */
import { ClosedError, ServerError, ShapeError } from "../../core/errors.js";
import type { Tensor } from "../../core/tensor.js";
import type { Engine } from "../../engine/engine.js";
import type { Plan } from "../../engine/plan.js";
import { planName } from "../../engine/program.js";
import type { Feed } from "../../engine/session.js";
import { cut, joinRows, planBatch } from "../../engine/session-pool.js";
import { shapeAt } from "./axes.js";
import type { NetworkFunction } from "./network-functions.js";
import { callLengths, type OfferedFunctions } from "./offered-functions.js";
import type { ServerClient } from "./server-client.js";
import type { WireTensor } from "./wire.js";

/** What is known of the server. */
export interface RemoteServer extends Pick<Engine, "device" | "precision" | "threads" | "notices"> {
  readonly client: ServerClient;
  readonly offered: OfferedFunctions;
  /** the functions by which the checkpoint's programs are asked, offered or not */
  functions(): readonly NetworkFunction[];
  /** by function, the rows of one request where a call does not say */
  readonly rows: ReadonlyMap<string, number>;
}

/** Rows of a request where neither the call nor the server says. */
const MOST_ROWS = 8;

/** Makes the engine. Its plans say how many rows a request takes, and have no graph. */
export function remoteEngine(server: RemoteServer): Engine {
  const { client, offered, functions, rows: usual, device, precision, threads, notices } = server;
  let closed = false;
  const expectOpen = (who: string): void => {
    if (closed) throw new ClosedError(`${who}: the model is closed; open it again`);
  };
  const functionOf = (program: string, size: object): NetworkFunction | undefined => {
    const given: Readonly<Record<string, unknown>> = { ...size };
    const says = ({ fixed = {} }: NetworkFunction) => Object.entries(fixed).every(([key, value]) => given[key] === value);
    return functions().find((each) => each.program().name === program && says(each));
  };
  const rowsOf = (name: string | undefined): number => usual.get(name ?? "") ?? MOST_ROWS;

  const call: Engine["call"] = async (program, size, { rows, shared }, batch, signal) => {
    expectOpen(program.name);
    const own: Readonly<Record<string, Feed>> = rows;
    const n = Object.values(own)[0].shape[0];
    if (n < 1) throw new ShapeError(program.name, { got: "no rows", want: "at least one" });
    if (batch !== undefined && (!Number.isSafeInteger(batch) || batch < 1))
      throw new RangeError(`batch ${batch}: want a whole number >= 1`);
    const found = functionOf(program.name, size);
    if (!found) throw new ServerError(`${client.address}: offers no ${program.name}; open the checkpoint on this machine for it`);
    const feeds: Readonly<Record<string, Feed>> = { ...own, ...(shared as Readonly<Record<string, Feed>> | undefined) };
    const taken = found.inputs.flatMap(({ name }) => (name in feeds ? [[name, feeds[name].shape] as const] : []));
    const chosen = await offered.forCall(found, Object.fromEntries(taken));
    const plan = chosen.rows
      ? { size: chosen.rows, calls: Math.ceil(n / chosen.rows) }
      : planBatch(n, batch ?? (n === 1 ? 1 : rowsOf(found.name)));
    const parameters: Readonly<Record<string, number>> = chosen.rows ? {} : { batch: plan.size };
    const results: Readonly<Record<string, Tensor>>[] = [];
    for (let k = 0; k < plan.calls; k++) {
      signal?.throwIfAborted();
      const inputs = chosen.inputs.map(({ name, datatype }): WireTensor => {
        const feed = feeds[name];
        if (!feed) throw new ServerError(`${client.address}: ${chosen.name} wants ${name}, which a call of ${found.name} has not`);
        return { name, datatype, ...(name in own ? cut(feed, k * plan.size, plan.size) : feed) };
      });
      const outputs = await client.infer(chosen.name, inputs, { parameters, signal });
      results.push(checkedOutputs(client.address, found, inputs, outputs));
    }
    return joinRows(results, n) as never;
  };

  const plan: Engine["plan"] = (program, size): Plan => ({
    name: planName(program.name, size),
    graph: () => {
      throw new ServerError(`${client.address}: the graph of ${program.name} is on the server`);
    },
    ...{ rowBytes: 0, weightBytes: 0, lanes: "none" },
    mostRows: () => rowsOf(functionOf(program.name, size)?.name),
  });

  return {
    ...{ device, precision, threads, notices, call, plan, expectOpen },
    expectFit: () => {}, // the server refuses a call that does not fit
    async close() {
      if (closed) return;
      closed = true;
      await client.close();
    },
  };
}

/** An answer's outputs by name, of the shapes that the call makes. @throws ServerError for others */
function checkedOutputs(
  address: string,
  found: NetworkFunction,
  inputs: readonly WireTensor[],
  outputs: readonly WireTensor[],
): Readonly<Record<string, Tensor>> {
  const lengths = callLengths(found, Object.fromEntries(inputs.map(({ name, shape }) => [name, shape])));
  const entries = found.outputs.map(({ name, shape }) => {
    const want = shapeAt(shape, lengths);
    const got = outputs.find((each) => each.name === name);
    if (!(got?.data instanceof Float32Array) || String(got.shape) !== String(want)) {
      const answered = got ? `${got.datatype} [${got.shape}]` : "nothing";
      throw new ServerError(`${address}: ${found.name} answered ${answered} as ${name}, want FP32 [${want}]`);
    }
    return [name, { data: got.data, shape: got.shape }] as const;
  });
  return Object.fromEntries(entries);
}
