/** Aliases and tags. A key has one alias here (there, up to fifty). */
import { z } from "zod";
import { createTurns } from "../../../base/turns.ts";
import type { KeyInfo } from "../../../keys/service.ts";
import { KmsError } from "./errors.ts";
import { findAlias, findKey, pageOfKeys } from "./find.ts";
import { asRecord, type Context, KeyId, type Operation, operation, Page, Tags } from "./operations.ts";
import { arnOf } from "./specs.ts";

const AliasName = z.string().min(1).max(256);
const Named = z.object({ AliasName, TargetKeyId: KeyId });

/** @throws KmsError InvalidAliasNameException */
const requireName = (alias: string): void => {
  if (!/^alias\/(?!aws\/)[A-Za-z0-9/_-]{1,250}$/.test(alias))
    throw new KmsError("InvalidAliasNameException", "An alias is alias/ and letters, digits, / _ -; not alias/aws/.");
};

const describe = ({ service, asker }: Context, { id, description, ...key }: KeyInfo, changed: Partial<KeyInfo>) => {
  const { alias, tags } = { ...key, ...changed };
  return service.describeKey(asker, id, { alias, tags, description });
};

export const createNames = (): Readonly<Record<string, Operation>> => {
  // A name is looked up and then given: one after another.
  const turn = createTurns();

  const give = async (context: Context, name: string, target: KeyInfo): Promise<undefined> => {
    if (target.alias !== undefined && `alias/${target.alias}` !== name)
      throw new KmsError("LimitExceededException", `${target.id} has the alias alias/${target.alias}; a key has one.`);
    await describe(context, target, { alias: name.slice("alias/".length) });
  };

  const create = operation("key.govern", Named, async (context, { AliasName: name, TargetKeyId }) => {
    requireName(name);
    return turn(async () => {
      if (await findAlias(context.service, context.asker, name))
        throw new KmsError("AlreadyExistsException", `${name} exists already.`);
      return give(context, name, await findKey(context.service, context.asker, TargetKeyId));
    });
  });

  const aliased = async ({ service, asker }: Context, name: string): Promise<KeyInfo> => {
    const key = await findAlias(service, asker, name);
    if (!key) throw new KmsError("NotFoundException", `There is no alias ${name}.`);
    return key;
  };
  const update = operation("key.govern", Named, (context, { AliasName: name, TargetKeyId }) =>
    turn(async () => {
      const from = await aliased(context, name);
      const to = await findKey(context.service, context.asker, TargetKeyId);
      if (from.id === to.id) return undefined;
      if (to.alias !== undefined) return give(context, name, to);
      await describe(context, from, { alias: undefined });
      return give(context, name, to);
    }),
  );
  const remove = operation("key.govern", z.object({ AliasName }), (context, { AliasName: name }) =>
    turn(async () => {
      await describe(context, await aliased(context, name), { alias: undefined });
      return undefined;
    }),
  );

  const List = z.object({ KeyId: KeyId.optional(), ...Page });
  const list = operation("key.read", List, async ({ service, asker, region }, { KeyId: id, Limit, Marker }) => {
    const { keys, rest } =
      id === undefined
        ? await pageOfKeys(service, asker, Limit, Marker)
        : { keys: [await findKey(service, asker, id)], rest: { Truncated: false } };
    const Aliases = keys.flatMap(({ alias, id, createdAt }) => {
      const name = `alias/${alias}`;
      const arn = arnOf(region, "alias", alias ?? "");
      return alias === undefined
        ? []
        : [{ AliasName: name, AliasArn: arn, TargetKeyId: id, CreationDate: createdAt / 1000 }];
    });
    return { Aliases, ...rest };
  });

  const tagged = (change: (tags: Readonly<Record<string, string>>) => Record<string, string>) => {
    return async (context: Context, id: string): Promise<undefined> => {
      const key = await findKey(context.service, context.asker, id);
      await describe(context, key, { tags: change(key.tags) });
    };
  };
  const Tagging = z.object({ KeyId, Tags });
  const tag = operation("key.govern", Tagging, (context, { KeyId: id, Tags: more }) =>
    turn(() => tagged((tags) => ({ ...tags, ...asRecord(more) }))(context, id)),
  );
  const Untagging = z.object({ KeyId, TagKeys: z.array(z.string()).max(50) });
  const untag = operation("key.govern", Untagging, (context, { KeyId: id, TagKeys: gone }) =>
    turn(() =>
      tagged((tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.includes(key))))(context, id),
    ),
  );
  const listTags = operation("key.read", z.object({ KeyId, ...Page }), async ({ service, asker }, { KeyId: id }) => {
    const { tags } = await findKey(service, asker, id);
    return { Tags: Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue })), Truncated: false };
  });

  return {
    ...{ CreateAlias: create, UpdateAlias: update, DeleteAlias: remove, ListAliases: list },
    ...{ TagResource: tag, UntagResource: untag, ListResourceTags: listTags },
  };
};
