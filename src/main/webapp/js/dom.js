/** Builds an element; children that are strings become text, never markup. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

/** Shows or hides without leaving the keyboard's focus on something that is gone. */
export function swap(shown, gone, focus) {
  const orphaned = gone.some((one) => one.contains(document.activeElement));
  for (const one of shown) one.hidden = false;
  for (const one of gone) one.hidden = true;
  if (orphaned) focus.focus();
}
