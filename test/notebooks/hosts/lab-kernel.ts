/**
 * @file Our kernel in a page of JupyterLab that has no server: JupyterLite takes kernels that run in the page, and this one hands every message
 * over to a process, as a server would.
 */
import type { Page } from "playwright-core";
import type { Json, Message } from "#kernel-lib/ipynb/message.js";
import { type Client, startKernel } from "../../kernel/client.js";

/** A message as JupyterLab has it. */
interface LabMessage extends Pick<Message, "header" | "metadata" | "content"> {
  readonly channel: string;
  readonly parent_header: Json;
  readonly buffers: readonly never[];
}

/** What of JupyterLite is used. Its kernels and specs are internals: the package is pinned. */
interface Lite {
  readonly kernelspecs: {
    readonly _kernelSpecAPIClient: { readonly _kernelspecs: { register(kernel: LiteKernel): void } };
    refreshSpecs(): Promise<void>;
  };
  readonly kernels: { readonly _kernelAPIClient: { interrupt: () => Promise<void> } };
}
interface LiteKernel {
  readonly spec: Json;
  create(options: { id: string; name: string; location: string; sendMessage(message: LabMessage): void }): Promise<unknown>;
}
type LitePage = typeof globalThis & {
  readonly jupyterapp: { readonly serviceManager: Lite };
  readonly toKernel: (message: LabMessage) => Promise<void>;
  readonly interruptKernel: () => Promise<void>;
  fromKernel: (channel: "shell" | "iopub", message: Message) => void;
};

/** Starts the kernel and tells the page of it, by the name "veduta". @param cwd the notebook's folder */
export async function bringKernel(page: Page, cwd: string): Promise<Client> {
  let told = Promise.resolve(); // one message after the other
  const kernel = await startKernel("veduta", {
    cwd,
    hear: (channel, { identities, ...message }) => {
      told = told
        .then(() =>
          page.evaluate(([where, what]) => (globalThis as LitePage).fromKernel(where, what as Message), [channel, message] as const),
        )
        .catch((error: Error) => {
          if (!page.isClosed()) throw error;
        });
    },
  });
  await page.exposeFunction("toKernel", ({ header, metadata, content }: LabMessage) =>
    kernel.pass({ identities: [], header, parent: undefined, metadata, content }),
  );
  await page.exposeFunction("interruptKernel", () => kernel.control("interrupt_request").then(() => undefined));
  await page.evaluate(async () => {
    const here = globalThis as LitePage;
    const { kernelspecs, kernels } = here.jupyterapp.serviceManager;
    kernels._kernelAPIClient.interrupt = here.interruptKernel;
    kernelspecs._kernelSpecAPIClient._kernelspecs.register({
      spec: { name: "veduta", display_name: "Veduta (TypeScript)", language: "typescript", argv: [], resources: {} },
      async create({ id, name, location, sendMessage }) {
        here.fromKernel = (channel, { header, parent, metadata, content }) => {
          const session = parent?.session ?? ""; // JupyterLite looks for the one that asked
          sendMessage({ channel, header: { ...header, session }, parent_header: { ...parent }, metadata, content, buffers: [] });
        };
        const never = { connect: () => true, disconnect: () => true };
        return {
          id,
          name,
          location,
          ready: Promise.resolve(),
          isDisposed: false,
          disposed: never,
          handleMessage: here.toKernel,
          dispose() {},
        };
      },
    });
    await kernelspecs.refreshSpecs();
  });
  return kernel;
}
