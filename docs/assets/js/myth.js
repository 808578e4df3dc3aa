// A myth is a box that opens, which is the browser's own. This only remembers which ones were looked behind.
import { PAGE, get, nameOf, set } from "./store.js";

export function start(boxes) {
  for (const box of boxes) {
    const path = `myths.${PAGE}.${nameOf(box.querySelector("summary").textContent)}`;
    box.classList.toggle("seen", Boolean(get(path)));
    box.addEventListener("toggle", () => {
      if (!box.open) return;
      set(path, true);
      box.classList.add("seen");
    });
  }
}
