// Dark or light: as the system has it, until somebody chooses here.

const KEPT = "mia.theme";

export function chooseTheme() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: light)");
  const chosen = () => localStorage.getItem(KEPT);
  const show = () => {
    const kept = chosen();
    if (kept) root.dataset.theme = kept;
    root.dataset.shownTheme = kept ?? (system.matches ? "light" : "dark");
    const ground = getComputedStyle(root).getPropertyValue("--ground").trim();
    document.querySelector('meta[name="theme-color"]')?.setAttribute("content", ground);
  };
  system.addEventListener("change", show);
  document.querySelector("#theme")?.addEventListener("click", () => {
    localStorage.setItem(KEPT, root.dataset.shownTheme === "dark" ? "light" : "dark");
    show();
  });
  show();
}
