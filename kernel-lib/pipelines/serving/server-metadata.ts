/** @file What a server says of a function: its inputs, and the string parameters of its configuration. */
import { ServerError } from "../../core/errors.js";
import { brief } from "../../core/json.js";
import type { ServerClient } from "./server-client.js";
import type { WireTensor } from "./wire.js";

/** A function as a server offers it. */
export interface FunctionMetadata {
  /** by which it is asked */
  readonly name: string;
  /** -1 in a shape where any length is taken */
  readonly inputs: readonly Omit<WireTensor, "data">[];
}

/** Asks for a function's metadata. @returns undefined where the server has no such function @throws ServerError for other words than the protocol's */
export async function readMetadata(client: ServerClient, name: string): Promise<FunctionMetadata | undefined> {
  const said = await client.get(`/v2/models/${name}`);
  if (said === undefined) return undefined;
  const { inputs } = said as { readonly inputs?: unknown };
  const refuse = (got: unknown, want: string) => new ServerError(`${client.address}: got ${brief(got)} about ${name}, want ${want}`);
  if (!Array.isArray(inputs) || inputs.length === 0) throw refuse(said, "its inputs, as the Open Inference Protocol has them");
  const list = inputs.map((input: Readonly<Record<string, unknown>> | null) => {
    const { name, datatype, shape } = input ?? {};
    if (typeof name !== "string" || !Array.isArray(shape) || !shape.every(Number.isSafeInteger))
      throw refuse(input, "a name and a shape, as the Open Inference Protocol has them");
    if (datatype !== "FP32" && datatype !== "INT32") throw refuse(input, "FP32 or INT32: Veduta sends no other numbers");
    return { name, datatype, shape: shape as readonly number[] } as const;
  });
  return { name, inputs: list };
}

/** The string parameters of a function's configuration; undefined where the server has no such function or no configurations. */
export async function readParameters(client: ServerClient, name: string): Promise<Readonly<Record<string, string>> | undefined> {
  const said = await client.get(`/v2/models/${name}/config`);
  const parameters = (said as { readonly parameters?: unknown } | undefined)?.parameters;
  if (typeof parameters !== "object" || parameters === null) return undefined;
  const strings = Object.entries(parameters as Readonly<Record<string, { readonly string_value?: unknown } | null>>).flatMap(
    ([key, value]) => (typeof value?.string_value === "string" ? [[key, value.string_value] as const] : []),
  );
  return Object.fromEntries(strings);
}
