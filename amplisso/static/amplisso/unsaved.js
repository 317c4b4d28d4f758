// Save and Cancel sleep until the first change. Without this script both are simply there.
for (const form of document.querySelectorAll("form[data-unsaved]")) {
  const save = form.querySelector("[data-save]");
  const cancel = form.querySelector("[data-cancel]");
  if (save.disabled) continue; // locked for good
  let changed = "changed" in form.dataset;
  let leaving = false;

  const show = () => {
    save.disabled = !changed;
    cancel.classList.toggle("disabled", !changed);
    cancel.toggleAttribute("aria-disabled", !changed);
    if (changed) cancel.removeAttribute("tabindex");
    else cancel.setAttribute("tabindex", "-1");
  };
  const wake = () => {
    changed = true;
    show();
  };

  form.addEventListener("input", wake);
  form.addEventListener("change", wake);
  form.addEventListener("submit", () => { leaving = true; });
  cancel.addEventListener("click", () => { leaving = true; });
  window.addEventListener("beforeunload", (event) => {
    if (changed && !leaving) event.preventDefault();
  });
  // A page that the browser brings back has the values of before, typed or saved: start from the saved ones.
  window.addEventListener("pageshow", (event) => { if (event.persisted) leaving = false; });
  if (!changed) form.reset();
  show();
}
