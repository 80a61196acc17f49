/** @file What a landscape can be, and the sentences that name it. */
import type { Rng } from "../../../kernel-lib/core/random.js";

export const TIMES = ["dawn", "noon", "sunset", "night", "overcast"] as const;
export const TERRAINS = ["mountains", "hills", "desert", "forest", "city", "sea"] as const;
export const WEATHERS = ["clear", "snowy", "misty"] as const;
export type Time = (typeof TIMES)[number];
export type Terrain = (typeof TERRAINS)[number];
export type Weather = (typeof WEATHERS)[number];

/** Which landscape a caption describes. */
export interface Kind {
  readonly time: Time;
  readonly terrain: Terrain;
  readonly weather: Weather;
}

/** Wordings of a terrain; the first is its plain name and the most frequent. */
export const TERRAIN_WORDS = {
  mountains: ["mountains", "mountain", "peaks", "mountain peaks", "the mountains", "high mountains", "a mountain range", "alps"],
  hills: ["hills", "hill", "rolling hills", "the hills", "green hills", "meadows", "countryside"],
  desert: ["desert", "dunes", "the desert", "sand dunes", "desert dunes", "a sandy desert"],
  forest: ["forest", "woods", "the forest", "trees", "a forest", "pine trees", "pine forest", "the woods"],
  city: ["city", "town", "skyline", "the city", "a city", "city skyline", "buildings", "towers", "a big city", "skyscrapers"],
  sea: ["sea", "ocean", "the sea", "the ocean", "a calm sea", "water", "sea waves"],
} as const satisfies Record<Terrain, readonly string[]>;

/** Wordings of a time of day: nouns that stand alone, phrases that follow, and adjectives that go before. */
export const TIME_WORDS = {
  dawn: {
    noun: ["dawn", "sunrise", "morning", "early morning"],
    after: ["at dawn", "at sunrise", "in the morning", "in the early morning", "under a pink morning sky", "in morning light"],
    before: ["morning", "dawn"],
  },
  noon: {
    noun: ["noon", "midday", "day", "sunny day", "blue sky"],
    after: [
      ...["at noon", "at midday", "by day", "in daylight", "during the day"],
      ...["under a blue sky", "under a bright noon sky", "on a sunny day"],
    ],
    before: ["sunny", "bright", "midday"],
  },
  sunset: {
    noun: ["sunset", "evening", "dusk"],
    after: ["at sunset", "at dusk", "in the evening", "under an orange sky", "under an evening sky", "in evening light", "during sunset"],
    before: ["evening", "sunset"],
  },
  night: {
    noun: ["night", "midnight", "starry night", "night sky"],
    after: ["at night", "at midnight", "by night", "under the stars", "under a night sky", "in moonlight", "under the moon", "in the dark"],
    before: ["dark", "night", "moonlit"],
  },
  overcast: {
    noun: ["overcast", "grey sky", "gray sky", "cloudy day", "clouds"],
    after: ["under clouds", "under a grey sky", "under a gray sky", "on a cloudy day", "under an overcast sky", "under a cloudy sky"],
    before: ["overcast", "cloudy", "grey", "gray"],
  },
} as const satisfies Record<Time, Record<"noun" | "after" | "before", readonly string[]>>;

/** Wordings of a weather. */
export const WEATHER_WORDS = {
  clear: { noun: ["clear"], after: ["in clear weather", "in clear air"], before: ["clear"] },
  snowy: {
    noun: ["snow", "winter"],
    after: ["in snow", "in winter", "with snow", "covered in snow", "in the snow"],
    before: ["snowy", "winter", "snow covered"],
  },
  misty: {
    noun: ["mist", "fog", "haze"],
    after: ["in mist", "in fog", "in the mist", "in the fog", "with fog", "with mist"],
    before: ["misty", "foggy", "hazy"],
  },
} as const satisfies Record<Weather, Record<"noun" | "after" | "before", readonly string[]>>;

const OPENINGS = ["a photo of ", "a picture of ", "a view of ", "a painting of ", "a panorama of ", "a landscape of ", "landscape with "];

/** Every word that a caption can hold, sorted. */
export const CAPTION_WORDS: readonly string[] = [
  ...new Set(
    [
      Object.values(TERRAIN_WORDS),
      [...Object.values(TIME_WORDS), ...Object.values(WEATHER_WORDS)].map((forms) => Object.values(forms)),
      OPENINGS,
      "over and with in at a an the",
    ]
      .flat(3)
      .join(" ")
      .split(/\s+/)
      .filter(Boolean),
  ),
].sort();

/** Shares of captions that name a time, and a weather; a clear sky is named in a tenth of the latter. */
const NAMED = { time: 0.7, weather: 0.6, clear: 0.1 } as const;

/**
 * A lower-case caption of a landscape. Names the terrain always, the time of day in 70 % of the captions and the weather in 60 %
 * (a clear one in 6 %).
 */
export function caption(rng: Rng, { time, terrain, weather }: Kind): string {
  const pick = (words: readonly string[]) => words[rng.below(words.length)];
  const withTime = rng.uniform() < NAMED.time;
  const withWeather = rng.uniform() < NAMED.weather * (weather === "clear" ? NAMED.clear : 1);
  const plain = rng.uniform() < 0.5;
  const place = plain ? terrain : pick(TERRAIN_WORDS[terrain]);
  const opening = rng.uniform() < 0.3 ? pick(OPENINGS) : "";
  // Plurals and what cannot be counted take no article.
  const article = (noun: string) => {
    if (/(s|water|countryside)$/.test(noun) || rng.uniform() < 0.5) return noun;
    return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
  };
  const day = TIME_WORDS[time];
  const air = WEATHER_WORDS[weather];
  // An adjective goes inside the article: "a big city" becomes "a misty big city", "the sea" "the misty sea".
  const described = (adjective: string, noun: string) => {
    const [, front, rest] = /^(a |the )?(.*)$/.exec(noun) ?? [];
    return front === "the " ? `the ${adjective} ${rest}` : article(`${adjective} ${rest}`);
  };
  let noun = place;
  let tail = "";
  if (withWeather) {
    const form = rng.below(3);
    if (form === 0) tail += ` ${pick(air.after)}`;
    else if (form === 1) tail += `, ${pick(air.noun)}`;
    else noun = described(pick(air.before), noun);
  }
  if (!withTime) return opening + noun + tail;
  const form = rng.below(6);
  if (form <= 1) return opening + noun + (rng.below(2) ? `${tail} ${pick(day.after)}` : ` ${pick(day.after)}${tail}`);
  if (form === 2) return `${opening}${noun}${tail}, ${pick(day.noun)}`;
  if (form === 3) return opening + described(pick(day.before), noun) + tail;
  if (form === 4) return `${pick(day.noun)} over ${/^(a|the) /.test(noun) ? noun : `the ${noun}`}${tail}`;
  return `${pick(day.noun)}, ${noun}${tail}`;
}
