/** @file What every page does by itself: light or dark, the menu of a narrow window, copying code, and the search. */
import { copyButtons } from "./copy.js";
import { menu } from "./menu.js";
import { keepScheme, schemeButton } from "./scheme.js";
import { searchDialog } from "./search.js";

keepScheme(); // before the page is drawn
document.addEventListener("DOMContentLoaded", () => {
  schemeButton();
  menu();
  copyButtons();
  searchDialog(document.documentElement.dataset.root ?? "");
});
