#!/usr/bin/env python3
"""Makes the test vectors of io.weir.struct with CPython's own struct module.

To make them again, with CPython 3.11 on 64-bit little-endian Linux and from the
project's root:

    python3 src/test/python/struct_vectors.py

and to see whether the committed file is what this script makes (exit status 0):

    python3 src/test/python/struct_vectors.py --check

The output, src/test/resources/io/weir/struct/vectors.jsonl, is one JSON object a line:

  {"python": "3.11", "seed": ...}  which CPython made the file; the first line
  {"f": FORMAT, "n": SIZE, "cases": [...], "no": [...]}
                                   an accepted format. A case is
                                   {"v": VALUES, "b": HEX, "u": VALUES, "r": REPR}: VALUES
                                   pack to the bytes HEX, which unpack to "u" ("v" when
                                   there is no "u"), whose repr is REPR; or
                                   {"raw": HEX, "u": VALUES, "r": REPR, "b": HEX}: bytes
                                   that unpack to "u", which packs to "b" ("raw" when
                                   there is no "b"). "no" has VALUES that pack refuses.
  {"bad": TEXT, "why": MESSAGE}    a format that is refused
  {"big": TEXT, "n": SIZE}         a format that CPython accepts, but whose size is more
                                   than a Java int holds
  {"d": [[BITS, REPR], ...]}       doubles and their repr
  {"x": [[HEX, REPR], ...]}        bytes and their repr
  {"t": [[TEXT, ASCII], ...]}      text and what ascii() makes of it

In VALUES an int is a JSON number, a bool true or false, None null, and a string starts
with what it is: "d" and the 16 hex digits of a double, big-endian; "x" and the hex digits
of bytes; "t" and the characters of a str.

An item 0p is packed and unpacked as if it were 0s, which is the same no bytes: CPython
3.11 fails with a SystemError when it unpacks one, and when it packs one writes a byte of
0xff after it, which stays there in padding and is beyond the end in a last item.
"""

import json
import math
import os
import random
import re
import struct
import sys

SEED = 20110925
PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'resources', 'io', 'weir', 'struct',
                    'vectors.jsonl')
INT_MAX = 2 ** 31 - 1
LARGEST_WITH_CASES = 600
PREFIXES = ['', '@', '=', '<', '>', '!']
CODES = 'xcbB?hHiIlLqQnNefdspP'
NATIVE_ONLY = 'nNP'
SPACE = ' \t\n\r\x0b\x0c'
REFUSALS = (struct.error, OverflowError, UnicodeEncodeError)

rng = random.Random(SEED)


def double(bits):
    """The double of 64 bits: struct moves a NaN's bits as they are."""
    return struct.unpack('>d', struct.pack('>Q', bits))[0]


def ulp_next(value, steps):
    return double(struct.unpack('>Q', struct.pack('>d', value))[0] + steps)


HALF_EDGES = [65504.0, 65519.99999999999, 2.0 ** -14, 2.0 ** -24, 2.0 ** -25, ulp_next(2.0 ** -25, 1),
              3 * 2.0 ** -25, 5 * 2.0 ** -25, ulp_next(3 * 2.0 ** -25, -1), 2.0 ** -14 - 2.0 ** -25,
              2.0 ** -14 - 2.0 ** -24, 1 + 2.0 ** -11, 1 + 3 * 2.0 ** -11, ulp_next(1 + 2.0 ** -11, 1),
              ulp_next(1 + 3 * 2.0 ** -11, -1), 2047.5, 2048.5, 2049.0, 2051.0, 4095.0, 1 / 3, 0.1, 1e-7, 6e-8]
FLOAT_EDGES = [3.4028234663852886e38, 3.4028235677973362e38, 2.0 ** -126, 2.0 ** -149, 2.0 ** -150,
               ulp_next(2.0 ** -150, 1), 3 * 2.0 ** -150, 1 + 2.0 ** -24, 1 + 3 * 2.0 ** -24, 16777217.0, 16777219.0,
               1e-40, 0.1, 1 / 3, 1e16, 1e15, 123456789.0]
DOUBLE_EDGES = [1.7976931348623157e308, 2.2250738585072014e-308, 2.225073858507201e-308, 5e-324, 1e-323, 1e16,
                9999999999999998.0, 1e15, 0.0001, 0.00001, 1e22, 1e23, 0.1, 1 / 3, 123456789012345680.0]
COMMON = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, -2.5, 100.0, 1000.0, math.inf, -math.inf]
NANS = [double(bits) for bits in (0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001, 0xfff0000020000000,
                                  0x7ff8000000000123, 0x7ffbffffffffffff, 0xffffffffffffffff, 0x7ff4000040000000)]
INTS_AS_FLOATS = [0, 1, -7, True, False, 2 ** 53 + 1, 2 ** 53 + 3, -2 ** 63, 2 ** 64 - 1]


def float_pool(code):
    if code == 'e':
        edges, whole = HALF_EDGES, [0, 1, -7, True, False, 2049, 65504]
    else:
        edges, whole = (FLOAT_EDGES if code == 'f' else DOUBLE_EDGES), INTS_AS_FLOATS
    return edges + [-edge for edge in edges] + COMMON + NANS + whole


def is_native(fmt):
    return fmt[:1] not in ('=', '<', '>', '!')


def int_bounds(code, native):
    bits = 8 * struct.calcsize(('@' if native else '=') + code)
    if code == 'P':
        return -2 ** 63, 2 ** 64 - 1
    if code in 'bhilqn':
        return -2 ** (bits - 1), 2 ** (bits - 1) - 1
    return 0, 2 ** bits - 1


def value_for(code, count, native):
    """A value that packs, an edge more often than not."""
    if code == 'c':
        return bytes([rng.choice([0, 39, 34, 92, 10, 255, rng.randrange(256)])])
    if code == '?':
        return rng.choice([True, False, True, False, 0, 7, -1, 0.0, -0.0, 0.5, math.nan, 2 ** 70, b'', b'\0', None,
                           '', 'a'])
    if code in 'sp':
        length = rng.choice([0, 1, count, count, max(0, count - 1), count + 1, count + 3])
        return bytes(rng.choice([rng.randrange(256), rng.randrange(32, 127)]) for _ in range(length))
    if code in 'efd':
        if rng.random() < 0.7:
            return rng.choice(float_pool(code))
        if code == 'e':
            return rng.uniform(-1, 1) * 2.0 ** rng.randint(-26, 15)
        if code == 'f':
            return rng.uniform(-1, 1) * 2.0 ** rng.randint(-151, 127)
        while True:
            value = double(rng.getrandbits(64))
            if not math.isnan(value):
                return value
    low, high = int_bounds(code, native)
    if rng.random() < 0.5:
        return rng.choice([low, low + 1, high, high - 1, 0, 1, True, False, high // 2, high // 2 + 1])
    return rng.randint(low, high)


def refused_for(code, native):
    """A value that does not pack; None when there is none."""
    if code == '?':
        return None
    if code in 'csp':
        wrong = [7, 1.5, 't', None, True]
        return rng.choice(wrong + [b'', b'ab'] if code == 'c' else wrong)
    if code in 'efd':
        wrong = [b'1', '1', None, 10 ** 400, -10 ** 309]
        if code == 'e':
            wrong += [65520.0, -65520.0, 65536.0, 1e300, 65520, 2 ** 1000]
        if code == 'f' and not native:
            wrong += [3.4028235677973366e38, -3.4028235677973366e38, 1e300, 2 ** 128, -1.7976931348623157e308]
        return rng.choice(wrong)
    low, high = int_bounds(code, native)
    return rng.choice([low - 1, high + 1, low - 1, high + 1, 2 ** 64, -2 ** 63 - 1, 2 ** 100, -2 ** 100, 1.0, 0.5,
                       math.nan, b'1', '1', None])


def items_of(fmt):
    body = fmt[1:] if fmt[:1] in PREFIXES[1:] else fmt
    return [(code, int(count) if count else 1) for count, code in re.findall(r'([0-9]*)([a-zA-Z?])', body)]


def slots_of(fmt):
    """The (code, count) of every value, the count that of an s or p."""
    slots = []
    for code, count in items_of(fmt):
        if code in 'sp':
            slots.append((code, count))
        elif code != 'x':
            slots.extend([(code, 1)] * count)
    return slots


def without_0p(fmt):
    return re.sub(r'(?<![0-9])(0+)p', r'\1s', fmt)


def unpack(fmt, data):
    return struct.unpack(without_0p(fmt), data)


def pack(fmt, values):
    return struct.pack(without_0p(fmt), *values)


def packs(fmt, values):
    try:
        return pack(fmt, values)
    except REFUSALS:
        return None


def raw_bytes(size):
    style = rng.random()
    if style < 0.25:
        return bytes(rng.choice([0x00, 0xff, 0x7f, 0x80, 0xf8, 0xf0, 0x7c, 0xfc]) for _ in range(size))
    return bytes(rng.randrange(256) for _ in range(size))


def encode(values):
    def one(value):
        if isinstance(value, float):
            return 'd' + struct.pack('>d', value).hex()
        if isinstance(value, bytes):
            return 'x' + value.hex()
        if isinstance(value, str):
            return 't' + value
        return value
    return [one(value) for value in values]


def case_of(fmt, values):
    data = pack(fmt, values)
    back = unpack(fmt, data)
    case = {'v': encode(values), 'b': data.hex(), 'u': encode(back), 'r': repr(back)}
    # As JSON, since to Python True is 1 and 1 is 1.0
    if json.dumps(case['u']) == json.dumps(case['v']):
        del case['u']
    return case


def raw_case_of(fmt, raw):
    values = unpack(fmt, raw)
    data = pack(fmt, values)
    case = {'raw': raw.hex(), 'u': encode(values), 'r': repr(values)}
    if data != raw:
        case['b'] = data.hex()
    return case


def fixed(fmt, cases):
    return {'f': fmt, 'n': struct.calcsize(fmt), 'cases': cases, 'no': []}


def accepted(fmt, cases, raws, refusals):
    size = struct.calcsize(fmt)
    if size > INT_MAX:
        return {'big': fmt, 'n': size}
    record = {'f': fmt, 'n': size, 'cases': [], 'no': []}
    if size > LARGEST_WITH_CASES:
        return record
    native = is_native(fmt)
    slots = slots_of(fmt)
    if not slots:
        cases, raws = 1, 1
    for _ in range(cases):
        record['cases'].append(case_of(fmt, [value_for(code, count, native) for code, count in slots]))
    for _ in range(raws):
        record['cases'].append(raw_case_of(fmt, raw_bytes(size)))
    for _ in range(refusals):
        values = [value_for(code, count, native) for code, count in slots]
        if values and rng.random() < 0.85:
            at = rng.randrange(len(values))
            wrong = refused_for(slots[at][0], native)
            if slots[at][0] == '?':
                continue
            values[at] = wrong
        elif values and rng.random() < 0.5:
            values.pop()
        else:
            values.append(1)
        if packs(fmt, values) is not None:
            raise AssertionError(f'{fmt!r} packs {values!r}')
        record['no'].append(encode(values))
    return record


def fuzzed():
    """A random text over the language's alphabet, or nearly."""
    shape = rng.random()
    if shape < 0.15:
        alphabet = CODES + '@=<>!' + '0123456789' + SPACE + 'zZ+-.\0\x1c\x7f\xe9\u0663\U0001f600'
        return ''.join(rng.choice(alphabet) for _ in range(rng.randint(1, 6)))
    text = rng.choice(PREFIXES)
    codes = CODES if rng.random() < 0.5 or is_native(text) else CODES.translate({ord(c): None for c in NATIVE_ONLY})
    for _ in range(rng.randint(1, 5)):
        if rng.random() < 0.4:
            text += rng.choice(SPACE) * rng.randint(1, 2)
        if rng.random() < 0.5:
            text += rng.choice(['0', '1', '2', '3', '4', '5', '9', '00', '007', '13', '20'])
        if rng.random() < 0.04:
            text += rng.choice(' \n@<=!zk-+,;\0\x85')
        text += rng.choice(codes)
    if rng.random() < 0.05:
        text += rng.choice(['3', '0', ' 1', ' ', '\n'])
    return text


def numeral():
    """A format about the limits of sizes and counts."""
    count = rng.choice([2 ** 31, 2 ** 32, 2 ** 62, 2 ** 63, 2 ** 64, 10 ** 19, 10 ** 25, 2 ** 31 // 8, 2 ** 63 // 8,
                        2 ** 30, 2 ** 29]) + rng.randint(-2, 2)
    text = rng.choice(PREFIXES) + rng.choice(['', 'b', 'q', '3x', '0s']) + str(count)
    return text + rng.choice('xxbbhiqspcfdez?') + rng.choice(['', '', 'b', 'h', '0q', 'x', '0s', '0p', '2'])


def records():
    seen = set()

    def record(fmt, cases=2, raws=1, refusals=1):
        if fmt in seen:
            return None
        seen.add(fmt)
        try:
            return accepted(fmt, cases, raws, refusals)
        except REFUSALS as error:
            # struct.calcsize is what refuses: accepted() packs only what packs
            try:
                struct.calcsize(fmt)
            except REFUSALS:
                return {'bad': fmt, 'why': str(error)}
            raise

    yield {'python': '%d.%d' % sys.version_info[:2], 'seed': SEED}
    for fmt in ['', ' ', '  <i', ' @i', '<', '!', '@', '<<', '3', '3 i', 'i3', 'i 3', '\0', 'i\0', 'i\0i', '\xe9', 'i\xe9',
                '-1i', '+i', '0', 'i <i', 'i@', '@ i', '\x0bi\x0c', '\x1ci', '\x85i', '\xa0i', '\u2003i', '0z', '9z',
                '=n', '<N', '>P', '!n', '=0P', '@nNP', '! I 2s Q 2h f', '1i2', '"i"', 'i,i', 'i;', '# i', 'ii#']:
        yield record(fmt)
    for prefix in PREFIXES:
        for code in CODES:
            for count in ['', '0', '1', '2', '3', '7']:
                yield record(prefix + count + code, 3, 2, 3)
    for prefix in PREFIXES:
        # Every edge through every code of its kind
        for code in 'efd':
            yield fixed(prefix + code, [case_of(prefix + code, [value]) for value in float_pool(code)])
    for first in (0x0000, 0x0380, 0x03c0, 0x0400, 0x3bc0, 0x7bc0, 0x7c00, 0x7e00, 0x8000, 0xfbc0, 0xfc00, 0xffc0):
        yield fixed('>64e', [raw_case_of('>64e', struct.pack('>64H', *range(first, first + 64)))])
    for overflow in (1e39, -1e39, 3.4028235677973366e38, 1.7976931348623157e308):
        # In native mode C's conversion makes an infinity of it; in the others it is refused
        yield fixed('f', [case_of('f', [overflow])])
    for fmt in ('256?', '<256?', '256c', '256b', '256B', '256s', '256p', '32P', '!32Q', '=64l'):
        yield fixed(fmt, [raw_case_of(fmt, bytes(range(256)))])
    for length in (255, 256, 257, 300):
        fmt = '%dp' % length
        yield fixed(fmt, [case_of(fmt, [bytes(i % 251 for i in range(given))]) for given in (254, 255, 256, 299, 310)])
    # Alignment: between any two codes, and at the end by a count of 0
    for first in CODES:
        for second in CODES:
            yield record(first + second, 1, 0, 0)
            yield record('@b' + first + ' 0' + second, 1, 0, 0)
    for _ in range(3900):
        yield record(fuzzed(), 1, rng.randint(0, 1), rng.randint(0, 1))
    for _ in range(700):
        yield record(numeral(), 0, 0, 0)
    yield from floats()
    yield from texts()


def floats():
    pool = []
    for bits in range(1, 257):
        pool.append(double(bits))
    for exponent in range(-1074, 1024):
        pool.append(math.ldexp(1.0, exponent))
    for exponent in range(-323, 309):
        value = float('1e%d' % exponent)
        pool += [value, ulp_next(value, -1)]
    for exponent in range(-6, 19):
        pool += [float('1.5e%d' % exponent), float('-1.2345e%d' % exponent), math.nextafter(10.0 ** exponent, 0)]
    pool += [0.0, -0.0, math.inf, -math.inf, math.nan, double(0xfff8000000000001), 2.0 ** 53, 2.0 ** 53 + 2,
             9007199254740993.0, 5e-324, -5e-324, 1.7976931348623157e308, 2.2250738585072014e-308]
    for _ in range(2500):
        pool.append(double(rng.getrandbits(64)))
    for _ in range(1000):
        pool.append(double(rng.getrandbits(rng.randint(1, 52))))
    for _ in range(1000):
        pool.append(round(rng.uniform(-1, 1) * 10 ** rng.randint(-3, 17), rng.randint(0, 6)))
    for _ in range(500):
        pool.append(struct.unpack('f', rng.randbytes(4))[0])
    for at in range(0, len(pool), 100):
        yield {'d': [[struct.pack('>d', value).hex(), repr(value)] for value in pool[at:at + 100]]}


def texts():
    pool = [bytes([value]) for value in range(256)]
    pool += [b'', b'data\n', b'\0\0\0\1ab', b"it's", b'"', b"'", b'\'"', b'"it\'s"', b'\\', b'\\\'', b'a\tb\rc', b"''"]
    for _ in range(200):
        pool.append(bytes(rng.choice([rng.randrange(256), rng.choice(b'\'"\\\n\t\r az')]) for _ in range(
            rng.randint(0, 24))))
    yield {'x': [[value.hex(), repr(value)] for value in pool]}
    pool = [chr(value) for value in range(0x180)]
    pool += ['', "it's", '"', '\'"', 'data\n', '\\', 'z\xe9', '\u20ac', '\uffff', '\U0001f600', '\ud800', '\udfff',
             '\U0010ffff', 'a\0b', '! I 2z']
    yield {'t': [[value, ascii(value)] for value in pool]}


def main():
    if sys.version_info[:2] != (3, 11) or sys.byteorder != 'little' or struct.calcsize('lP') != 16:
        sys.exit('needs CPython 3.11 on 64-bit little-endian Linux')
    lines = []
    for record in records():
        if record:
            lines.append(json.dumps(record, separators=(',', ':')) + '\n')
    text = ''.join(lines)
    if sys.argv[1:] == ['--check']:
        with open(PATH, encoding='ascii', newline='') as file:
            if file.read() != text:
                sys.exit('vectors.jsonl is not what this script makes')
        return
    if sys.argv[1:]:
        sys.exit(__doc__)
    with open(PATH, 'w', encoding='ascii', newline='') as file:
        file.write(text)


if __name__ == '__main__':
    main()
