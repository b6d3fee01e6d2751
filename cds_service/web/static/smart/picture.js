// The picture by pointer and keyboard: arrows go from mark to mark, and each says its numbers below the picture.

/** Bind the marks of a picture that was just put into the page. */
export function bindPicture(figure) {
  const marks = [...figure.querySelectorAll("[data-says]")];
  const readout = figure.querySelector("[data-readout]");
  if (!marks.length) return;
  const rest = readout.textContent;
  const say = (mark) => { readout.textContent = mark ? mark.getAttribute("aria-label") : rest; };
  marks[0].setAttribute("tabindex", "0");
  for (const mark of marks) {
    mark.addEventListener("pointerenter", () => say(mark));
    mark.addEventListener("pointerleave", () => say(marks.find((one) => one === document.activeElement)));
    mark.addEventListener("click", () => move(mark));
    mark.addEventListener("focus", () => say(mark));
    mark.addEventListener("blur", () => say());
    mark.addEventListener("keydown", (event) => {
      const to = target(event.key, marks.indexOf(mark), marks);
      if (!to) return;
      event.preventDefault();
      move(to);
    });
  }

  function move(to) {
    for (const mark of marks) mark.setAttribute("tabindex", "-1");
    to.setAttribute("tabindex", "0");
    to.focus();
  }
}

function target(key, at, marks) {
  const last = marks.length - 1;
  const steps = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last };
  return key in steps ? marks[Math.min(Math.max(steps[key], 0), last)] : undefined;
}
