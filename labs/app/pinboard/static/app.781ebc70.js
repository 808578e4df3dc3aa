// The new-note form: show the note while it is written. The form works without this file.

const form = document.querySelector("[data-composer]");

if (form) {
  const preview = document.querySelector("[data-preview]");
  const previewText = preview.querySelector(".note-text");
  const previewPicture = preview.querySelector(".note-picture");
  const placeholder = previewText.textContent;
  const left = form.querySelector("[data-left]");
  const limit = Number(left.dataset.left);

  const showText = () => {
    const text = form.elements.text.value;
    previewText.textContent = text.trim() || placeholder;
    left.textContent = `${limit - text.length} of ${limit} characters left.`;
    left.classList.toggle("hint-low", limit - text.length < 20);
  };

  const showColour = () => {
    for (const name of [...preview.classList]) {
      if (name.startsWith("note-")) preview.classList.remove(name);
    }
    preview.classList.add(`note-${form.elements.colour.value}`);
  };

  const showPicture = () => {
    if (previewPicture.src) URL.revokeObjectURL(previewPicture.src);
    const [file] = form.elements.picture.files;
    previewPicture.hidden = !file;
    if (file) previewPicture.src = URL.createObjectURL(file);
    else previewPicture.removeAttribute("src");
  };

  form.elements.text.addEventListener("input", showText);
  form.elements.picture.addEventListener("change", showPicture);
  for (const swatch of form.elements.colour) swatch.addEventListener("change", showColour);
  showText();
  showColour();
}
