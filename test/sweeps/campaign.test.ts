/** A campaign of kills: workers, and the Redis between them, end again and again at seeded moments, and no run is lost or there twice. */
import { expect, test } from "vitest";
import { campaign } from "../../bench/sweep/campaign.mjs";
import { findRedis } from "../../scripts/redis.mjs";

const KILLS = { workerKills: 5, redisKills: 2, flushes: 1, stops: 1 };

test.skipIf(findRedis() === undefined)(
  "40 runs, 5 SIGKILLs of workers, 2 of redis-server, its memory wiped once, a worker asleep beyond its lock: 0 lost, 0 twice",
  async () => {
    const done = await campaign({ runs: 40, seed: 21, ...KILLS });
    console.log(JSON.stringify(done));
    expect(done).toMatchObject({ there: 40, folders: 40, failed: 0, left: 0 });
    expect(done.starts).toBeGreaterThan(40); // the kills met runs at work
    expect(done.starts - 40).toBeLessThanOrEqual(done.kills + KILLS.redisKills + KILLS.flushes + 1);
    expect(done.opened).toBeLessThanOrEqual(2 + done.kills); // a worker loads its model once
  },
);
