// Asks for the arrays before the rest of the page is read: they are large, and come meanwhile.
{
  const { parts } = JSON.parse(document.getElementById("study").textContent);
  const ask = (name) => [name, fetch(`parts/${name}`, { cache: "no-store" })];
  globalThis.asked = Object.fromEntries(Object.keys(parts).map(ask));
}
