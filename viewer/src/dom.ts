/** @file Makes elements and icons. */

/** Makes an element with properties and children. */
export const make = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

/** SVG paths of the icons, 16 × 16, drawn as lines. */
export const ICONS = {
  zoomOut: "M3 8h10",
  zoomIn: "M3 8h10M8 3v10",
  reset: "M3.2 6.2a5.2 5.2 0 1 1-.3 3M3 2.6v3.7h3.7",
  fullScreen: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  rotate: "M13.5 8c0 1.7-2.5 3-5.5 3S2.5 9.700 2.500 8 5 5 8 5c1.700 0 3.200.4 4.200 1M12.500 3v3.200H9.300",
  device: "M5 1.500h6v13H5zM7.200 12.300h1.600",
  headset: "M2 5h12v6.500h-3.700L8 9.300l-2.300 2.200H2zM4.500 7.500h1.500M10 7.500h1.500",
  play: "M5 3l8 5-8 5z",
  pause: "M5.500 3v10M10.500 3v10",
  loop: "M3 8.500V7a2.500 2.500 0 0 1 2.500-2.500h7M10.500 2.500l2 2-2 2M13 7.500V9a2.500 2.500 0 0 1-2.500 2.500h-7M5.500 13.500l-2-2 2-2",
} as const;

/** The name of an icon. */
export type Icon = keyof typeof ICONS;

/** Draws an icon into an element. */
export function drawIcon(element: HTMLElement, icon: Icon): void {
  element.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[icon]}"/></svg>`;
}

/** A button with an icon, and a label for screen readers. */
export function iconButton(icon: Icon, label: string, press: () => void): HTMLButtonElement {
  const button = make("button", { type: "button", title: label, ariaLabel: label, onclick: press });
  drawIcon(button, icon);
  return button;
}

/** A button with a text. */
export const textButton = (label: string, press: () => void): HTMLButtonElement =>
  make("button", { type: "button", onclick: press }, label);

/** A select element with a label for screen readers. */
export function choice<V extends string>(
  label: string,
  options: Readonly<Record<V, string>>,
  chosen: (value: V) => void,
): HTMLSelectElement {
  const select = make("select", { ariaLabel: label, title: label });
  for (const [value, text] of Object.entries<string>(options)) select.append(new Option(text, value));
  select.onchange = () => chosen(select.value as V);
  return select;
}
