// @ts-check
/* What the phone keeps of the words: the pack, and answers until the server has them. One small IndexedDB.
   The pack belongs to one person; when somebody else signs in, the pack is hers or none. */

/** @typedef {{ id: string, word: string, knew: boolean, exercise: string, at: number, learner: number, sent?: boolean }} Answer */

/** @type {Promise<IDBDatabase> | undefined} */
let opened;

function open() {
  opened ??= new Promise((settle, fail) => {
    const request = indexedDB.open("citizen-words", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("kept");
      request.result.createObjectStore("answers", { keyPath: "id" });
    };
    request.onsuccess = () => settle(request.result);
    request.onerror = () => fail(request.error);
  });
  return opened;
}

/** @template T @param {"kept" | "answers"} name @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} use @returns {Promise<T>} */
async function within(name, mode, use) {
  const database = await open();
  return new Promise((settle, fail) => {
    const transaction = database.transaction(name, mode);
    const request = use(transaction.objectStore(name));
    transaction.oncomplete = () => settle(request.result);
    transaction.onerror = transaction.onabort = () => fail(transaction.error);
  });
}

/** @returns {Promise<any>} the pack, if there is one */
export const keptPack = () => within("kept", "readonly", (store) => store.get("pack"));

/** @param {any} pack */
export const keepPack = (pack) => within("kept", "readwrite", (store) => store.put(pack, "pack"));

export const dropPack = () => within("kept", "readwrite", (store) => store.delete("pack"));

/** @param {Answer} answer */
export const keepAnswer = (answer) => within("answers", "readwrite", (store) => store.put(answer));

/** @param {string} id */
export const dropAnswer = (id) => within("answers", "readwrite", (store) => store.delete(id));

/** One learner's answers in the order in which they were given. @param {number} learner @returns {Promise<Answer[]>} */
export async function keptAnswers(learner) {
  /** @type {Answer[]} */
  const all = await within("answers", "readonly", (store) => store.getAll());
  return all.filter((answer) => answer.learner === learner).sort((one, other) => one.at - other.at);
}
