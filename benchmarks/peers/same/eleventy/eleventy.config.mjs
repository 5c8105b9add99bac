// Pages are HTML already: no template language goes over them.
export default function (config) {
  config.addPassthroughCopy({ static: "." });
}

export const config = {
  dir: { input: ".", output: "site" },
  htmlTemplateEngine: false,
  templateFormats: ["html"],
};
