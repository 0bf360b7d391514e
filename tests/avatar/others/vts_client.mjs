// npm's `vtubestudio` (Hawkbat, MIT) at the port given as the argument: does what a plugin does and
// prints one JSON object about what it was told.
import vts from 'vtubestudio';

const tokens = [];
const client = new vts.ApiClient({
    port: Number(process.argv[2]),
    pluginName: 'Another plugin',
    pluginDeveloper: 'Somebody else',
    authTokenGetter: () => tokens.at(-1),
    authTokenSetter: (token) => tokens.push(token),
    webSocketFactory: (url) => new WebSocket(url.replace('localhost', '127.0.0.1')),
});

/** What a refused call says. */
const refusal = async (call) => {
    try {
        await call;
        return null;
    } catch (error) {
        return { name: error.constructor.name, number: error.data?.errorID, says: String(error) };
    }
};

await new Promise((resolve) => client.on('connect', resolve));
const loaded = new Promise((resolve) => {
    client.events.modelLoaded.subscribe(resolve);
});
const found = {
    tokens,
    state: await client.apiState(),
    inputs: await client.inputParameterList(),
    created: await client.parameterCreation({
        parameterName: 'AnotherOne', explanation: 'mine', min: 0, max: 10, defaultValue: 5,
    }),
    injected: await client.injectParameterData({
        faceFound: true, mode: 'set', parameterValues: [{ id: 'AnotherOne', value: 7 }, { id: 'MouthOpen', value: 0.5 }],
    }),
    hotkeys: await client.hotkeysInCurrentModel({}),
    triggered: await client.hotkeyTrigger({ hotkeyID: 'smile' }),
    expressions: await client.expressionState({ details: true }),
    activated: await client.expressionActivation({ expressionFile: 'Angry.exp3.json', active: true }),
    unknownParameter: await refusal(client.injectParameterData({ parameterValues: [{ id: 'Nothing', value: 1 }] })),
    foreignParameter: await refusal(client.injectParameterData({ parameterValues: [{ id: 'MouthX', value: 1 }] })),
    defaultName: await refusal(client.parameterCreation({
        parameterName: 'MouthOpen', explanation: '', min: 0, max: 1, defaultValue: 0,
    })),
    unknownHotkey: await refusal(client.hotkeyTrigger({ hotkeyID: 'nothing' })),
    unknownExpression: await refusal(client.expressionActivation({ expressionFile: 'No.exp3.json', active: true })),
};
process.stderr.write('ready\n');
found.event = await loaded;
console.log(JSON.stringify(found));
process.exit(0);
