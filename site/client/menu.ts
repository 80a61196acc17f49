/** @file The sidebar: a menu in a narrow window, with the current page in sight in a wide one. */

/** Opens and closes the sidebar by the header's button and Escape. */
export function menu(): void {
  const button = document.querySelector<HTMLButtonElement>(".menu");
  const sidebar = document.querySelector<HTMLElement>(".sidebar");
  if (!button || !sidebar) return;
  const show = (open: boolean): void => {
    sidebar.classList.toggle("open", open);
    button.setAttribute("aria-expanded", String(open));
    document.body.style.overflow = open ? "hidden" : "";
  };
  button.addEventListener("click", () => show(!sidebar.classList.contains("open")));
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && sidebar.classList.contains("open")) {
      show(false);
      button.focus();
    }
  });
  const current = sidebar.querySelector<HTMLElement>("[aria-current]");
  if (current) sidebar.scrollTop = current.offsetTop - sidebar.clientHeight / 2;
}
