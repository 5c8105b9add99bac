export default {
  layout: "text.njk",
  tags: "texts",
  permalink: ({ page }) => `${page.fileSlug}.html`,
};
