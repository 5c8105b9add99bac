// Texts are HTML already: no template language goes over them.
export default function (config) {
  config.addFilter("day", (date) => date.toISOString().slice(0, 10));
}

export const config = {
  dir: { input: ".", output: "site" },
  htmlTemplateEngine: false,
  templateFormats: ["html", "njk"],
};
