() => {
  const numbers = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = numbers(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const speaks = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!speaks || !node.checkVisibility() || node.matches(":disabled")) continue;
    const text = luminance(numbers(getComputedStyle(node).color));
    const under = luminance(ground(node));
    const ratio = (Math.max(text, under) + 0.05) / (Math.min(text, under) + 0.05);
    if (ratio < 4.5) poor.push(`${node.className || node.tagName} ${node.textContent.trim().slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return poor;
}
