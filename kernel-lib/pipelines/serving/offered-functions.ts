/** @file Which function of a server answers a call: that of the name itself, or of its name and the panorama's size where shapes are fixed. */
import { ServerError, ShapeError } from "../../core/errors.js";
import type { Shape } from "../../core/tensor.js";
import { lengthsOf, openShape, shapeAt } from "./axes.js";
import { sizedName } from "./exported-functions.js";
import type { NetworkFunction } from "./network-functions.js";
import type { ServerClient } from "./server-client.js";
import { type FunctionMetadata, readMetadata } from "./server-metadata.js";

/** A server's function that answers a call. */
export interface OfferedFunction extends FunctionMetadata {
  /** rows of a call, where the server takes no others */
  readonly rows?: number;
}

/** The functions of a server, each asked for once. */
export interface OfferedFunctions {
  /** Whether the server has it. */
  has(name: string): Promise<boolean>;
  /**
   * The server's function for a call.
   * @param shapes of the call's inputs
   * @throws ServerError where the server has none, or none of this size
   */
  forCall(found: NetworkFunction, shapes: Readonly<Record<string, Shape>>): Promise<OfferedFunction>;
}

/** Finds out what a server offers, by its metadata. @param scale pixels per latent pixel */
export function offeredFunctions(client: ServerClient, scale: number): OfferedFunctions {
  const known = new Map<string, Promise<FunctionMetadata | undefined>>();
  const metadata = (name: string): Promise<FunctionMetadata | undefined> => {
    const asked = known.get(name) ?? readMetadata(client, name);
    known.set(name, asked);
    asked.catch(() => known.delete(name));
    return asked;
  };
  return {
    has: async (name) => (await metadata(name)) !== undefined,
    async forCall(found, shapes) {
      const own = await metadata(found.name);
      if (own && fits(found, own, shapes)) return withRows(found, own);
      const size = panoramaOf(found, shapes, scale);
      const sized = size && (await metadata(sizedName(found.name, size)));
      if (sized && fits(found, sized, shapes)) return withRows(found, sized);
      if (!own && !sized) throw new ServerError(`${client.address}: offers no ${found.name}`);
      const wanted = (own ?? sized)?.inputs.map(({ name, shape }) => `${name} [${shape}]`);
      const got = Object.entries(shapes).map(([name, shape]) => `${name} [${shape}]`);
      throw new ServerError(
        `${client.address}: ${found.name} got ${got.join(", ")}, want ${wanted?.join(", ")}; export it for this size too`,
      );
    },
  };
}

const rowsOf = ({ inputs }: NetworkFunction): ReadonlySet<string> =>
  new Set(inputs.filter((each) => each.of === "rows").map(({ name }) => name));

function withRows(found: NetworkFunction, metadata: FunctionMetadata): OfferedFunction {
  const rows = rowsOf(found);
  const fixed = metadata.inputs.find(({ name, shape }) => rows.has(name) && shape[0] > 0);
  return { ...metadata, ...(fixed && { rows: fixed.shape[0] }) };
}

/** Whether a server's function takes tensors of these shapes, the rows aside. */
function fits(found: NetworkFunction, { inputs }: FunctionMetadata, shapes: Readonly<Record<string, Shape>>): boolean {
  const rows = rowsOf(found);
  return inputs.every(({ name, shape }) => {
    const got = shapes[name];
    return !got || (got.length === shape.length && shape.every((d, k) => d === -1 || d === got[k] || (k === 0 && rows.has(name))));
  });
}

/** The lengths of a call's named axes. @throws ShapeError naming function and input */
export const callLengths = (found: NetworkFunction, shapes: Readonly<Record<string, Shape>>) =>
  lengthsOf(
    found.inputs.filter(({ name }) => name in shapes),
    shapes,
    (name) =>
      new ShapeError(`${found.name}: ${name}`, {
        got: `[${shapes[name]}]`,
        want: `[${openShape(found.inputs.find((each) => each.name === name)?.shape ?? [])}]`,
      }),
  );

/** The size of a call's pictures, in pixels; undefined for a function without latents. */
function panoramaOf(found: NetworkFunction, shapes: Readonly<Record<string, Shape>>, scale: number) {
  const lengths = callLengths(found, shapes);
  if (!("h" in lengths)) return undefined;
  const [height, width] = shapeAt(
    ["h", "w"].map((of) => ({ times: scale, of })),
    lengths,
  );
  return { width, height };
}
