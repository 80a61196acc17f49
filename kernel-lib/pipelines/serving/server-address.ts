/** @file Addresses of models on other machines. */

/** A server, and a folder that knows what it does not say: a checkpoint's or an export's, for its config and tokenizer. */
export interface ServedModel {
  readonly url: string;
  /** what `openModel` takes for a checkpoint, or the folder of an export; default: the server says it */
  readonly local?: string;
}

/** Whether a text is the address of a server. */
export const isAddress = (text: string): boolean => /^https?:\/\//i.test(text);

/**
 * The address, without a slash at its end.
 * @throws RangeError for what is none, or one with a password, a query or a fragment
 */
export function serverAddress(url: string): string {
  const parsed = isAddress(url) && URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed) throw new RangeError(`openModel: got the address ${JSON.stringify(url)}, want one such as http://gpu:8000`);
  if (parsed.username !== "" || parsed.password !== "")
    throw new RangeError(
      `openModel: got an address of ${parsed.host} with a name or a password, want it without; VEDUTA_TOKEN has the token`,
    );
  if (parsed.search !== "" || parsed.hash !== "")
    throw new RangeError(`openModel: got the address ${JSON.stringify(url)}, want one without a query and a fragment`);
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}`;
}
