// What django-allauth's passkey scripts leave open: say in the page when a passkey did not work, or can't.
const trouble = document.getElementById("passkey_trouble");

const tell = (words) => {
  trouble.textContent = words;
  trouble.hidden = false;
};

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const stopped = event.detail.exception?.name === "NotAllowedError";
  tell(stopped
    ? "That was cancelled, took too long, or no passkey of yours was found here. Try again, or choose another way."
    : "Your browser could not use the passkey. Try again, or choose another way.");
});

if (!window.PublicKeyCredential) {
  for (const button of document.querySelectorAll("[id^='passkey_'][type='submit'], #passkey_add")) button.disabled = true;
  tell("This browser can't use passkeys on this page. Choose another way.");
}
