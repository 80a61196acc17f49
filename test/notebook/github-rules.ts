/** @file The rules by which GitHub takes HTML apart. */
import type sanitizeHtml from "sanitize-html";

/**
 * What github.com's published filter lets through (gjtorikian/html-pipeline 2.14, sanitization_filter.rb): these elements, attributes
 * and addresses. data: addresses are not among them, nor style, class and id.
 */
export const GITHUB: sanitizeHtml.IOptions = {
  allowedTags:
    "h1 h2 h3 h4 h5 h6 h7 h8 br b i strong em a pre code img tt div ins del sup sub p ol ul table thead tbody tfoot blockquote dl dt dd kbd q samp var hr ruby rt rp li tr td th s strike summary details caption figure figcaption abbr bdo cite dfn mark small span time wbr".split(
      " ",
    ),
  allowedAttributes: {
    a: ["href"],
    img: ["src", "longdesc"],
    "*": "abbr align alt aria-describedby aria-hidden aria-label aria-labelledby axis border cellpadding cellspacing char charoff clear color cols colspan dir headers height hspace lang name nowrap rows rowspan rules scope size span summary tabindex target title type valign value vspace width".split(
      " ",
    ),
  },
  allowedSchemes: ["http", "https"],
  nonTextTags: ["script"],
};
