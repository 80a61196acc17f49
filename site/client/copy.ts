/** @file A button beside each block of code that copies it. */

/** Adds the buttons, where the browser can copy. */
export function copyButtons(): void {
  if (!navigator.clipboard) return;
  for (const code of document.querySelectorAll<HTMLElement>("article pre.source")) {
    const around = document.createElement("div");
    around.className = "copied";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    code.replaceWith(around);
    around.append(code, button);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.innerText);
      button.textContent = "Copied";
      setTimeout(() => {
        button.textContent = "Copy";
      }, 1500);
    });
  }
}
