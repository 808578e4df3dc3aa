// Names that the theme leaves out: without them a screen reader says "navigation" and not which.
export function start([body]) {
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  for (const list of document.querySelectorAll("nav.md-nav[aria-labelledby]")) {
    const label = document.getElementById(list.getAttribute("aria-labelledby"));
    if (label?.textContent.trim()) continue;
    list.removeAttribute("aria-labelledby");
    list.setAttribute("aria-label", list.querySelector(":scope > .md-nav__title")?.textContent.trim() ?? "Pages");
  }
  // The theme adds the buttons of a code block when it comes into view. They lead nowhere: they are no navigation.
  const buttons = () => {
    for (const bar of document.querySelectorAll("nav.md-code__nav:not([role])")) bar.setAttribute("role", "none");
  };
  new MutationObserver(buttons).observe(body, { childList: true, subtree: true });
  buttons();
}
