// What every part of the dashboard uses: the page's elements, and the daemon's answers under the visitor's token.

export const $ = (id) => document.getElementById(id);
export const plain = (name) => name.replaceAll("_", " ");

let token = sessionStorage.getItem("token") ?? "";

export function signIn(given) {
  token = given;
  sessionStorage.setItem("token", token);
}

export async function get(path) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(path, { headers, cache: "no-store" });
  if (response.status === 401) $("sign-in").hidden = false;
  return response;
}

// Text goes through textContent: nothing that a session is called is ever markup.
export function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}
