// What is shown, kept in the address: it can be shared and bookmarked, and the back button goes back.

const USUAL = { sort: "worst", status: "", group: "", find: "", all: "" };

/** What the address says. */
export function fromAddress() {
  const found = new URLSearchParams(location.search);
  return Object.fromEntries(Object.entries(USUAL).map(([name, usual]) => [name, (found.get(name) ?? usual).slice(0, 200)]));
}

/** The address of a view; whatever else it says stays as it is. */
function addressOf(view) {
  const found = new URLSearchParams(location.search);
  for (const [name, usual] of Object.entries(USUAL)) {
    if (view[name] === usual) found.delete(name);
    else found.set(name, view[name]);
  }
  const query = found.toString();
  return `${location.pathname}${query ? `?${query}` : ""}`;
}

/** Writes it there: a choice is a step to go back from, a letter that is typed is none. */
export function toAddress(view, isStep = true) {
  const url = addressOf(view);
  if (url === location.pathname + location.search) return;
  if (isStep) history.pushState(null, "", url);
  else history.replaceState(null, "", url);
}
