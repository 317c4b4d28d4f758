// Dropping a file on the row is the same as choosing it with the button in it.
for (const zone of document.querySelectorAll("[data-drop]")) {
  const input = document.getElementById(zone.dataset.drop);
  if (!input || input.matches(":disabled")) continue;
  for (const hint of zone.querySelectorAll(".drop-hint")) hint.hidden = false;

  const carriesFile = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  zone.addEventListener("dragover", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    zone.classList.add("is-over");
  });
  zone.addEventListener("dragleave", (event) => {
    if (!zone.contains(event.relatedTarget)) zone.classList.remove("is-over");
  });
  zone.addEventListener("drop", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    zone.classList.remove("is-over");
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });

  // Nobody should wait for a hundred megabytes to be told that they are too many.
  const most = Number(zone.dataset.mostBytes);
  const tooLarge = zone.querySelector("[data-too-large]");
  let refused = false;
  input.addEventListener("change", () => {
    refused = most > 0 && [...input.files].some((file) => file.size > most);
    if (refused) input.value = "";
    if (tooLarge) tooLarge.textContent = refused ? tooLarge.dataset.tooLarge : "";
  });

  const form = input.form;
  const pasted = form.elements.namedItem("metadata_text");
  const save = form.querySelector("[data-save]");
  const word = save.textContent;
  const rest = () => {
    save.textContent = word;
    save.removeAttribute("aria-busy");
  };
  // Before other listeners, for whom the page would be left.
  form.addEventListener("submit", (event) => {
    if (refused && !pasted.value.trim()) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (tooLarge) tooLarge.textContent = tooLarge.dataset.notSaved;
      input.focus();
    } else if (input.files.length) {
      save.textContent = save.dataset.uploading;
      save.setAttribute("aria-busy", "true");
    }
  }, true);
  // Whoever stops the upload goes on with the form, and whoever comes back finds it as it was.
  form.addEventListener("input", rest);
  window.addEventListener("pageshow", rest);
}
