// Names that the theme leaves out: without them a screen reader says "navigation" and not which.
export function start() {
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  for (const list of document.querySelectorAll("nav.md-nav[aria-labelledby]")) {
    const label = document.getElementById(list.getAttribute("aria-labelledby"));
    if (label?.textContent.trim()) continue;
    list.removeAttribute("aria-labelledby");
    list.setAttribute("aria-label", list.querySelector(":scope > .md-nav__title")?.textContent.trim() ?? "Pages");
  }
}
