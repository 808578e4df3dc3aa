/** An element with attributes and children; text is text, never markup. */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

let made = 0;

/** An id that no other element of this page has. */
export function fresh(word) {
  made += 1;
  return `${word}-${made}`;
}
