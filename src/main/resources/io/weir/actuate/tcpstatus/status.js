// Shows what tcpserver and tcpconnections answer. What comes from the server becomes text, never markup.

const PERIOD = 2000;
const TIMEOUT = 5000;
const HISTORY = 120_000;
const ROWS = 50;
const NONE = '–';
const { server: SERVER, connections: CONNECTIONS } = document.body.dataset;

// Units for people; the exact figure goes into the title
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
const whole = (value) => isNumber(value) ? value.toLocaleString('en', { maximumFractionDigits: 0 }) : NONE;
const short = (value) => isNumber(value) ? value.toLocaleString('en', { maximumFractionDigits: (value < 10) ? 1 : 0 }) : NONE;
const micros = (value) => time(isNumber(value) ? value / 1_000_000 : null);
const total = (counts) => Object.values(counts).reduce((sum, count) => sum + count, 0);
const secondsSince = (instant) => Math.max(0, (Date.now() - new Date(instant)) / 1000);
const words = (key) => key.replace(/(Micros|Millis)$/, '').replace(/_/g, ' ').replace(/([a-z])([A-Z])/g, '$1 $2')
	.toLowerCase().replace(/\b(rtt|rto|mss)\b/g, (name) => name.toUpperCase());

function bytes(value) {
	if (!isNumber(value)) {
		return NONE;
	}
	const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
	let power = 0;
	while (value >= 1023.5 && power < units.length - 1) {
		value /= 1024;
		power++;
	}
	return `${(power === 0) ? whole(value) : short(value)} ${units[power]}`;
}

function time(seconds) {
	if (!isNumber(seconds)) {
		return NONE;
	}
	const units = [[86_400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
	const i = units.findIndex(([size]) => seconds >= size);
	if (i >= 0 && i < units.length - 1) {
		const rest = Math.floor((seconds % units[i][0]) / units[i + 1][0]);
		return `${Math.floor(seconds / units[i][0])} ${units[i][1]}` + (rest ? ` ${rest} ${units[i + 1][1]}` : '');
	}
	return (i >= 0) ? `${short(seconds)} s`
		: (seconds >= 0.001) ? `${short(seconds * 1000)} ms` : `${short(seconds * 1_000_000)} µs`;
}

// As Java writes it: PT26H3M1.5S
function seconds(duration) {
	const parts = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(duration ?? '');
	return parts ? 3600 * (parts[1] ?? 0) + 60 * (parts[2] ?? 0) + Number(parts[3] ?? 0) : null;
}

function clock(instant) {
	const date = new Date(instant);
	const today = date.toDateString() === new Date().toDateString();
	return Number.isNaN(date.getTime()) ? NONE
		: (today ? '' : `${date.toLocaleDateString('en-CA')} `) + date.toLocaleTimeString('en-GB');
}

// The page's elements
const $ = (id) => document.getElementById(id);
const drawn = new Map();

function element(name, attributes, ...children) {
	const made = document.createElement(name);
	Object.entries(attributes).filter(([, value]) => value).forEach(([key, value]) => made.setAttribute(key, value));
	made.append(...children.filter((child) => child !== null));
	return made;
}

const cell = (text, title, style) => element('td', { title, class: style }, text ?? NONE);
const pair = (name, text, title) => element('div', {}, element('dt', {}, name), element('dd', { title }, text));
const sign = (text) => element('span', { class: 'sign', 'aria-hidden': 'true' }, text);

function show(node, text, title) {
	if (node.textContent !== text) {
		node.textContent = text;
	}
	if (title !== undefined && node.title !== title) {
		node.title = title;
	}
}

// Draws again only what has changed, so that a selection of text stays
function draw(id, data, children) {
	const text = JSON.stringify(data);
	if (drawn.get(id) !== text) {
		drawn.set(id, text);
		$(id).replaceChildren(...children());
	}
}

// State, findings
const STATES = {
	starting: ['poor', '…', 'Starting'],
	accepting: ['good', '✓', 'Accepting connections'],
	full: ['poor', '!', 'Full: newcomers wait until a place is free'],
	backing_off: ['bad', '!', 'Backing off: accepting fails and is tried again'],
	draining: ['poor', '↓', 'Draining: what is open is served, then the server stops'],
	stopped: ['bad', '×', 'Stopped: nobody listens'],
	failed: ['bad', '×', 'Failed: nobody accepts'],
};

function drawState(kind, mark, text, title) {
	$('state-box').dataset.kind = kind;
	show($('state-sign'), mark);
	show($('state'), text, title);
	document.title = `${text.split(':')[0]} · Weir`;
}

function drawHead(server) {
	drawState(...STATES[server.state], server.state);
	show($('verdict'), server.verdict);
	show($('address'), server.address ?? NONE);
	show($('protocol'), `${server.protocol} (${server.protocolSource})`);
	const { startedAt, ssl } = server;
	show($('since'), startedAt ? `${clock(startedAt)} (${time(secondsSince(startedAt))})` : NONE, startedAt ?? '');
	show($('tls'), ssl ? `${ssl.subject}, until ${clock(ssl.notAfter)}` : 'off', ssl ? `bundle ${ssl.bundle}` : '');
	show($('answered'), clock(Date.now()));
}

function drawFindings({ findings, diagnosis }) {
	show($('findings-count'), findings.length ? whole(findings.length) : '');
	draw('findings', findings, () => findings.length
		? findings.map((finding) => element('li', {}, sign('!'), element('div', {},
			element('p', {}, element('code', {}, finding.setting), finding.message),
			element('p', { class: 'remedy' }, element('b', {}, 'What to do: '), finding.remedy))))
		: [element('li', { class: 'none' }, sign('✓'), 'Nothing is clamped, overflows or does not fit together.')]);
	const held = Object.entries(diagnosis).map(([cause, count]) => `${whole(count)} × ${words(cause)}`);
	$('held').hidden = held.length === 0;
	show($('held'), `Connections held up now: ${held.join(', ')}`);
}

// Figures of now, with two minutes of history
const histories = new Map();
let before = null;
let rates = {};

function measure(server, at) {
	const counters = { accepted: server.connections.accepted, received: server.connections.bytesReceived,
		sent: server.connections.bytesSent, records: server.records.unpacked, overflows: server.acceptQueue.overflows,
		retransmits: server.sample.retransmits };
	rates = {};
	// A server that has started again counts from 0, and what a hidden page missed is no figure of now
	if (before && before.startedAt === server.startedAt && at - before.at < 3 * PERIOD) {
		for (const [name, value] of Object.entries(counters)) {
			const growth = value - before.counters[name];
			rates[name] = (isNumber(growth) && growth >= 0) ? growth * 1000 / (at - before.at) : null;
		}
	}
	before = { at, startedAt: server.startedAt, counters };
}

// Of each tile: its name, the figure, what follows it, the exact figure, a line below, and the point of its history
function tiles({ connections, records, acceptQueue: queue, sample, settings }) {
	const rtt = sample.rttMicros;
	const rate = (name, label, sum, unit, note) => [label, short(rates[name]), '/s',
		`${whole(sum)} ${unit} in all`, note, rates[name]];
	const traffic = (name, label, sum) => {
		const [figure, unit = 'B'] = bytes(rates[name]).split(' ');
		return [label, figure, `${unit}/s`, `${whole(sum)} bytes in all`, `${bytes(sum)} in all`, rates[name]];
	};
	return {
		open: ['Open connections', whole(connections.active), `of ${whole(settings?.maxConnections?.requested)}`,
			`${whole(connections.active)} connections`, `${whole(connections.accepted)} accepted in all`, connections.active],
		accepted: rate('accepted', 'Accepted', connections.accepted, 'connections',
			`${whole(total(connections.rejected))} rejected in all`),
		received: traffic('received', 'Bytes in', connections.bytesReceived),
		sent: traffic('sent', 'Bytes out', connections.bytesSent),
		records: rate('records', 'Records', records.unpacked, 'records',
			`${whole(records.unpacked)} in all, ${whole(records.partial)} partial, ${whole(records.written)} written, `
			+ `${whole(records.pending)} pending, ${whole(records.failed)} failed`),
		queue: ['Accept queue', whole(queue.length), isNumber(queue.limit) ? `of ${whole(queue.limit)}` : '',
			`${whole(queue.length)} connections`, queue.reason ?? 'wait to be accepted', queue.length],
		overflows: ['Overflows', whole(queue.overflows), 'in all', `${whole(queue.overflows)} found the queue full`,
			`${whole(queue.drops)} packets dropped`, rates.overflows],
		rtt: ['Round trip', ...(/(\S+) ?(.*)/.exec(micros(rtt?.median)).slice(1)), `${whole(rtt?.median)} µs`,
			rtt ? `median; from ${micros(rtt.min)} to ${micros(rtt.max)}` : 'no connection has one', rtt?.median],
		retransmits: rate('retransmits', 'Retransmits', sample.retransmits, 'segments',
			`${whole(sample.retransmits)} segments in all`),
		blocked: ['Blocked writers', whole(sample.blockedWriters), '', `${whole(sample.blockedWriters)} connections`,
			'for 1 s or longer', sample.blockedWriters],
	};
}

function makeTile(id, label) {
	const made = $('tile').content.firstElementChild.cloneNode(true);
	made.dataset.figure = id;
	show(made.querySelector('h3'), label);
	$('figures').append(made);
	return made;
}

function drawFigures(server, at) {
	measure(server, at);
	for (const [id, [label, figure, unit, exact, note, point]] of Object.entries(tiles(server))) {
		const tile = document.querySelector(`[data-figure="${id}"]`) ?? makeTile(id, label);
		show(tile.querySelector('strong'), figure, exact);
		show(tile.querySelector('.figure span'), unit);
		show(tile.querySelector('.note'), note);
		const points = [...(histories.get(id) ?? []), [at, isNumber(point) ? point : null]]
			.filter(([when]) => at - when <= HISTORY);
		histories.set(id, points);
		drawLine(tile, label, points, at);
	}
}

function drawLine(tile, label, points, at) {
	const most = Math.max(...points.map(([, value]) => value ?? 0));
	const runs = [];
	points.forEach(([when, value], i) => {
		// Nothing is drawn across the time in which nothing was asked
		if (value !== null && (i === 0 || points[i - 1][1] === null || when - points[i - 1][0] > 3 * PERIOD)) {
			runs.push([]);
		}
		if (value !== null) {
			runs.at(-1).push([(120 * (1 - (at - when) / HISTORY)).toFixed(2), (28.5 - 26 * value / (most || 1)).toFixed(2)]);
		}
	});
	const lines = runs.map((run) => run.map((point) => point.join(' ')).join('L'));
	tile.querySelector('.line').setAttribute('d', lines.map((line) => `M${line}h.01`).join(''));
	tile.querySelector('.area').setAttribute('d',
		lines.map((line, i) => `M${runs[i][0][0]} 30L${line}L${runs[i].at(-1)[0]} 30Z`).join(''));
	tile.querySelector('svg').setAttribute('aria-label',
		`${label}, the last two minutes: ${runs.length ? `at most ${short(most)}` : 'not known'}`);
}

// Settings and limits
const SETTINGS = {
	backlog: ['Accept queue', 'tcp.server.backlog', whole, 'connections', 'as many as allowed'],
	receiveBuffer: ['Receive buffer', 'tcp.server.receive-buffer-size', bytes, 'bytes', 'left to the kernel'],
	sendBuffer: ['Send buffer', 'tcp.server.send-buffer-size', bytes, 'bytes', 'left to the kernel'],
	maxConnections: ['Open connections', 'tcp.server.max-connections', whole, 'connections', NONE],
};

function drawSettings({ settings, kernel }) {
	draw('settings', settings, () => Object.entries(SETTINGS).filter(([name]) => settings?.[name]).map(([name, known]) => {
		const [label, key, unit, unitName, unset] = known;
		const setting = settings[name];
		const figure = (value, suffix) => cell(unit(value) + (suffix ?? ''), `${whole(value)} ${unitName}`, 'n');
		return element('tr', { 'data-setting': name, class: setting.limitedBy ? 'clamped' : '' },
			element('th', { scope: 'row' }, label, element('code', {}, key)),
			isNumber(setting.requested) ? figure(setting.requested) : cell(unset, '', 'n'),
			figure(setting.effective, setting.autotuned ? ' at first' : ''), figure(setting.usable), figure(setting.maximum),
			cell(setting.limitedBy ? `! ${setting.limitedBy}` : setting.autotuned ? 'tuned by the kernel' : 'nothing'),
			cell(setting.reason ? `${setting.source}: ${setting.reason}` : setting.source));
	}));
	draw('limits', kernel, () => Object.entries(kernel).map(([name, limit]) => pair(name,
		isNumber(limit) ? whole(limit) : (typeof limit !== 'object') ? String(limit)
			: limit.reason ?? Object.entries(limit).map(([part, value]) => `${part} ${whole(value)}`).join(', '))));
}

// Open connections
const IN_BYTES = /^(bytes\w+|receiveQueue|sendQueue|\w+Buffer|\w+BufferUsed|receiveSpace|notSent|sendMss)$/;
const rows = new Map();
let questioned = null;

const cause = (diagnosis) => diagnosis ? words(diagnosis.cause) : '';
const about = ({ via, tls }) => [via ? `via ${via}` : '', tls?.peerSubject ?? ''].filter((text) => text).join(' · ');

function figures({ state, openedAt, idleFor, bytesReceived, bytesSent, records, kernel, diagnosis }) {
	return [
		[words(state), state],
		[time(secondsSince(openedAt)), `since ${openedAt}`],
		[time(seconds(idleFor)), `${seconds(idleFor)} s`],
		[bytes(bytesReceived), `${whole(bytesReceived)} bytes`],
		[bytes(bytesSent), `${whole(bytesSent)} bytes`],
		[whole(records), `${whole(records)} records`],
		[micros(kernel.rttMicros), kernel.reason ?? `${whole(kernel.rttMicros)} µs`],
		[whole(kernel.retransmits), kernel.reason ?? `${whole(kernel.retransmits)} segments`],
		[bytes(kernel.sendQueue), kernel.reason ?? `${whole(kernel.sendQueue)} bytes`],
		[cause(diagnosis), diagnosis ? `${diagnosis.evidence} ${diagnosis.remedy}` : ''],
	];
}

function makeRow(id) {
	const tr = $('row').content.firstElementChild.cloneNode(true);
	tr.dataset.connection = id;
	const [button, close] = tr.querySelectorAll('button');
	const row = { id, tr, button, detail: null, about: tr.querySelector('.about'), cells: [...tr.cells].slice(1, -1) };
	button.addEventListener('click', () => toggle(row));
	close.addEventListener('click', () => {
		questioned = row.connection;
		show($('question-text'), `Close the connection of ${questioned.peer}?`);
		$('question').showModal();
	});
	return row;
}

function toggle(row) {
	if (row.detail) {
		row.detail.remove();
		row.detail = null;
	} else {
		row.detail = element('tr', { class: 'detail', id: `detail-${row.id}` }, element('td', { colspan: '12' }));
		row.button.setAttribute('aria-controls', row.detail.id);
		row.tr.after(row.detail);
		drawDetail(row);
	}
	row.button.setAttribute('aria-expanded', String(row.detail !== null));
}

function drawDetail({ connection, detail }) {
	const { id, peer, via, openedAt, sampledAt, tls, diagnosis, kernel } = connection;
	const section = (title, pairs) => [element('h4', {}, title), element('dl', { class: 'grid' }, ...pairs)];
	const parts = section('Connection', [pair('id', id), pair('peer', peer), via ? pair('via', via) : null,
		pair('open since', clock(openedAt), openedAt), pair('figures of', clock(sampledAt), sampledAt),
		...(tls ? [pair('TLS', tls.protocol), pair('cipher suite', tls.cipherSuite),
			pair('certificate', tls.peerSubject ?? 'none shown')] : [pair('TLS', 'off')])]);
	if (diagnosis) {
		parts.push(element('h4', {}, `Held up: ${cause(diagnosis)}`), element('p', {}, `${diagnosis.evidence} `
			+ `(since ${clock(diagnosis.since)}) `, element('b', {}, 'What to do: '), diagnosis.remedy));
	}
	parts.push(...section('What the kernel says', Object.entries(kernel).map(([key, value]) => pair(words(key),
		!isNumber(value) ? String(value) : key.endsWith('Micros') ? micros(value) : key.endsWith('Millis') ? micros(1000 * value)
			: IN_BYTES.test(key) ? bytes(value) : (key === 'deliveryRate') ? `${bytes(value)}/s` : whole(value),
		`${key}: ${isNumber(value) ? whole(value) : value}`))));
	detail.firstChild.replaceChildren(...parts);
}

function drawConnections({ connections, total: all }) {
	const found = new Set(connections.map((connection) => connection.id));
	const focused = document.activeElement;
	[...rows.values()].filter((row) => !found.has(row.id)).forEach((row) => {
		row.detail?.remove();
		row.tr.remove();
		rows.delete(row.id);
	});
	let place = $('open').firstChild;
	for (const connection of connections) {
		const row = rows.get(connection.id) ?? makeRow(connection.id);
		rows.set(connection.id, row);
		row.connection = connection;
		show(row.button, connection.peer);
		show(row.about, about(connection), about(connection));
		figures(connection).forEach(([text, title], i) => show(row.cells[i], text, title));
		for (const part of [row.tr, row.detail].filter((one) => one)) {
			if (part === place) {
				place = place.nextSibling;
			} else {
				$('open').insertBefore(part, place);
			}
		}
		if (row.detail) {
			drawDetail(row);
		}
	}
	// What is moved loses the focus
	if (focused !== document.activeElement && focused.isConnected) {
		focused.focus({ preventScroll: true });
	}
	const listed = Math.min(all, connections.length);
	show($('shown'), (all > listed) ? `${whole(listed)} of ${whole(all)}` : whole(all));
}

async function closeQuestioned() {
	$('question').close();
	const { id, peer } = questioned;
	const failure = await ask(`${CONNECTIONS}/${id}`, 'DELETE').catch((reason) => reason);
	show($('list-note'), !failure ? `${peer} is closed.` : (failure.status === 404) ? `${peer} had ended already.`
		: `${peer} is not known to be closed: ${failure.message}.`);
	poll();
}

// How connections ended, and kernel events
const atFirst = {};
let endsWithHistory;

// How much each has grown since the page was opened, or since it counts from 0 again
function growths(kind, counts) {
	if (!atFirst[kind] || Object.keys(counts).some((name) => counts[name] < atFirst[kind][name])) {
		atFirst[kind] = counts;
	}
	return Object.fromEntries(Object.keys(counts).map((name) => [name, counts[name] - (atFirst[kind][name] ?? 0)]));
}

function drawEnds({ connections }) {
	const counts = { ...connections.closed };
	Object.entries(connections.rejected).forEach(([reason, count]) => counts[`rejected: ${reason}`] = count);
	const grown = growths('ends', counts);
	const seen = Object.entries(counts).filter(([, count]) => count > 0).sort((one, other) => other[1] - one[1]);
	draw('ended', [seen, grown], () => seen.length ? seen.map(([reason, count]) => {
		const bar = element('span', { class: 'bar' });
		bar.style.width = `${100 * count / seen[0][1]}%`;
		return element('tr', { 'data-reason': reason }, element('th', { scope: 'row' }, words(reason)),
			element('td', {}, bar), cell(whole(count), reason, 'n'), cell(grown[reason] ? `+${whole(grown[reason])}` : '', '', 'n hint'));
	}) : [element('tr', {}, element('td', { colspan: '4' }, 'None has ended yet.'))]);
	return JSON.stringify(counts);
}

function drawHistory({ connections: ended }) {
	$('history').hidden = ended.length === 0;
	show($('history-count'), whole(ended.length));
	draw('last', ended, () => ended.map((one) => element('tr', { 'data-ended': one.id }, cell(clock(one.closedAt), one.closedAt),
		element('td', {}, one.peer, element('span', { class: 'about', title: about(one) }, about(one))),
		cell(words(one.reason), one.reason), cell(one.detail ?? '', '', 'wide text'),
		cell(time(seconds(one.duration)), `${seconds(one.duration)} s`, 'n wide'),
		cell(bytes(one.bytesReceived), `${whole(one.bytesReceived)} bytes`, 'n'),
		cell(bytes(one.bytesSent), `${whole(one.bytesSent)} bytes`, 'n'), cell(whole(one.records), '', 'n wide'),
		cell(micros(one.rttMicros), `${whole(one.rttMicros)} µs`, 'n wide'), cell(whole(one.retransmits), '', 'n wide'),
		cell(cause(one.diagnosis), one.diagnosis?.evidence, 'wide'))));
}

function drawEvents({ events }) {
	const grown = Object.entries(growths('events', events)).filter(([, growth]) => growth > 0);
	draw('events', [grown, events.reason], () => grown.length
		? grown.map(([name, growth]) => element('tr', { 'data-event': name }, element('th', { scope: 'row' }, name),
			cell(`+${whole(growth)}`, '', 'n'), cell(`${whole(events[name])} in all`, '', 'n hint')))
		: [element('tr', {}, element('td', {}, events.reason ?? 'None.'))]);
}

// Asking
let timer, polling, again;
let answeredAt = Date.now();

async function ask(path, method = 'GET') {
	const answer = await fetch(path, { method, cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT) }).catch((failure) => {
		const why = (failure.name === 'TimeoutError') ? `it takes longer than ${TIMEOUT / 1000} s` : 'the connection failed';
		throw Object.assign(new Error(why), { status: 0 });
	});
	if (!answer.ok) {
		const body = await answer.json().catch(() => ({}));
		throw Object.assign(new Error(body.message ?? `the server answered ${answer.status}`), { status: answer.status });
	}
	return (method === 'GET') ? answer.json() : null;
}

async function askForConnections() {
	const peer = $('peer').value.trim();
	const query = new URLSearchParams({ limit: ROWS, sort: $('sort').value, ...(peer ? { peer } : {}),
		...($('diagnosed').checked ? { diagnosed: true } : {}) });
	try {
		const list = await ask(`${CONNECTIONS}?${query}`);
		const listed = new Set(list.connections.map((connection) => connection.id));
		// What the user looks at stays, wherever the sort puts it, until it ends
		for (const { id } of [...rows.values()].filter((row) => row.detail && !listed.has(row.id))) {
			list.connections.push(...await ask(`${CONNECTIONS}/${id}`).then((one) => [one], () => []));
		}
		drawConnections(list);
		$('peer').removeAttribute('aria-invalid');
	} catch (failure) {
		if (failure.status !== 400) {
			throw failure;
		}
		$('peer').setAttribute('aria-invalid', 'true');
		show($('list-note'), `The list is the last one: ${failure.message}`);
	}
}

async function askForAll() {
	const server = await ask(SERVER);
	answeredAt = Date.now();
	$('open').classList.toggle('closeable', server.closeAllowed === true);
	drawHead(server);
	drawFindings(server);
	drawFigures(server, performance.now());
	drawSettings(server);
	drawEvents(server);
	const ends = drawEnds(server);
	await askForConnections();
	if (ends !== endsWithHistory) {
		drawHistory(await ask(`${CONNECTIONS}?state=closed&limit=${ROWS}`));
		endsWithHistory = ends;
	}
}

async function poll() {
	clearTimeout(timer);
	again ||= polling;
	if (polling || document.hidden) {
		return;
	}
	polling = true;
	again = false;
	const failure = await askForAll().then(() => null, (reason) => reason);
	if (failure) {
		show($('silence'), `No answer from the server since ${clock(answeredAt)}: ${failure.message}. `
			+ 'What you see is from then; the page asks again every 2 s.');
		drawState('bad', '?', 'No answer');
		show($('verdict'), '');
	}
	if (failure && failure.status === undefined) {
		console.error(failure);
	}
	$('silence').hidden = !failure;
	document.body.classList.toggle('stale', Boolean(failure));
	polling = false;
	timer = setTimeout(poll, again ? 0 : PERIOD);
}

document.addEventListener('visibilitychange', poll);
['sort', 'peer', 'diagnosed'].forEach((id) => $(id).addEventListener('change', () => {
	show($('list-note'), '');
	poll();
}));
$('keep').addEventListener('click', () => $('question').close());
$('close').addEventListener('click', closeQuestioned);
poll();
