// The playground's engine: it draws a network with the random numbers of jax.random, runs it forward and backward, and
// measures every layer, as course.probes does. Plain C without a library, for WebAssembly with vectors.
//
// A batch lies in rows of BATCH examples, one row a unit: so the innermost loops run over examples, and one function
// multiplies matrices for both passes. Numbers below float32's normal range count as 0, as they do in JAX.

#define BATCH 128
#define WIDEST 512
#define DEEPEST 100
#define BINS 61
#define SMALLEST 1.17549435e-38f
#define GREATEST 3.40282347e38
#define INFINITE __builtin_inff()
#define PAGE 65536
#define WEB(name) __attribute__((export_name(#name))) name

typedef unsigned int u32;
typedef float f4 __attribute__((vector_size(16), aligned(4)));

enum { Z_VARIANCE, H_MEAN, H_RMS, SATURATED, DEAD, GRADIENT, WEIGHT_GRADIENT, STATISTICS };

static float input[WIDEST * BATCH], directions[WIDEST * BATCH], gradients[2][WIDEST * BATCH], sums[WIDEST * BATCH];
static float scaled[WIDEST * BATCH], products[2][BATCH * BATCH], columns[WIDEST * WIDEST];
static double statistics[DEEPEST][STATISTICS];
static u32 counts[DEEPEST][BINS];
static int width;
extern float __heap_base;

float *WEB(inputs)(void) { return input; }
double *WEB(measured)(void) { return statistics[0]; }
u32 *WEB(counted)(void) { return counts[0]; }

// Behind the fixed arrays lie the activations and slopes of every layer, and then the weights. Layers count from 0.
static float *activations(int layer) { return layer < 0 ? input : &__heap_base + layer * 2 * BATCH * width; }
static float *slopes(int layer) { return activations(layer) + BATCH * width; }
static float *weights(int layer) { return activations(DEEPEST) + layer * width * width; }

int WEB(make_room)(int units, int depth) {
    width = units;
    int missing = ((u32)weights(depth) + PAGE - 1) / PAGE - __builtin_wasm_memory_size(0);
    return missing <= 0 || __builtin_wasm_memory_grow(0, missing) != (u32)-1;
}

// ---- Elementary functions; the polynomials of exp and log are those of Moshier's Cephes.

static inline float absolute(float x) { return __builtin_fabsf(x); }
static inline float flushed(float x) { return absolute(x) < SMALLEST ? 0 : x; }
static inline float of_bits(u32 bits) { return ((union { u32 bits; float value; }){bits}).value; }
static inline u32 bits_of(float value) { return ((union { float value; u32 bits; }){value}).bits; }

// exp(x) is (rest + 1) * power.
static inline float split_exp(float x, float *power) {
    float near = x > 88.7f ? 88.7f : x < -87.3f ? -87.3f : x;
    float n = __builtin_floorf(near * 1.44269504f + 0.5f);
    float r = near - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    *power = of_bits((u32)((int)n + 127) << 23);
    return p * r * r + r;
}

static inline float exponential(float x) {
    float power, rest = split_exp(x, &power);
    return x > 88.7f ? INFINITE : x < -87.3f ? 0 : (rest + 1) * power;
}

static inline float exp_minus_1(float x) {
    float power, rest = split_exp(x, &power);
    return rest * power + (power - 1);
}

static inline float logarithm(float x) {
    u32 bits = bits_of(x);
    float mantissa = of_bits((bits & 0x007fffff) | 0x3f000000), exponent = (float)((int)(bits >> 23) - 126);
    int low = mantissa < 0.707106781f;
    exponent -= low ? 1 : 0;
    float m = (low ? mantissa + mantissa : mantissa) - 1, z = m * m;
    float p = 7.0376836292e-2f;
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    return m + (m * z * p - exponent * 2.12194440e-4f - 0.5f * z) + exponent * 0.693359375f;
}

static inline float log_of_1_plus(float x) {
    float sum = 1 + x;
    return sum == 1 ? x : logarithm(sum) * x / (sum - 1);
}

static inline float root(float x) { return __builtin_sqrtf(x); }

// Giles 2010, as in JAX.
static inline float inverse_erf(float x) {
    float w = -logarithm((1 - x) * (1 + x)), a = w - 2.5f, b = root(w) - 3;
    float p = 2.81022636e-08f;
    p = p * a + 3.43273939e-07f;
    p = p * a - 3.5233877e-06f;
    p = p * a - 4.39150654e-06f;
    p = p * a + 0.00021858087f;
    p = p * a - 0.00125372503f;
    p = p * a - 0.00417768164f;
    p = p * a + 0.246640727f;
    p = p * a + 1.50140941f;
    float q = -0.000200214257f;
    q = q * b + 0.000100950558f;
    q = q * b + 0.00134934322f;
    q = q * b - 0.00367342844f;
    q = q * b + 0.00573950773f;
    q = q * b - 0.0076224613f;
    q = q * b + 0.00943887047f;
    q = q * b + 1.00167406f;
    q = q * b + 2.83297682f;
    return (w < 5 ? p : q) * x;
}

// ---- The activation functions, in the order of course.activations; each leaves its slope behind.

static inline float phi_sigmoid(float z, float *slope) {
    float h = 1 / (1 + exponential(-z));
    *slope = h * (1 - h);
    return h;
}

// The quotient of polynomials by which JAX computes it.
static inline float phi_tanh(float z, float *slope) {
    float x = z > 7.99f ? 7.99f : z < -7.99f ? -7.99f : z, s = x * x;
    float p = -2.76076847742355e-16f;
    p = p * s + 2.00018790482477e-13f;
    p = p * s - 8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928875436e-04f;
    p = p * s + 4.89352455891786e-03f;
    float q = 1.19825839466702e-06f;
    q = q * s + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    float h = z > 7.99f ? 1 : z < -7.99f ? -1 : x * p / q;
    *slope = (1 + h) * (1 - h);
    return h;
}

static inline float phi_relu(float z, float *slope) {
    *slope = z > 0 ? 1 : 0;
    return z < 0 ? 0 : z;
}

static inline float phi_leaky_relu(float z, float *slope) {
    *slope = z >= 0 ? 1 : 0.01f;
    return z >= 0 ? z : 0.01f * z;
}

static inline float phi_linear(float z, float *slope) {
    *slope = 1;
    return z;
}

static inline float elu_of(float z, float alpha, float scale, float *slope) {
    float below = z > 0 ? 0 : z;
    *slope = scale * (z > 0 ? 1 : alpha * exponential(below));
    return scale * (z > 0 ? z : alpha * exp_minus_1(below));
}

static inline float phi_elu(float z, float *slope) { return elu_of(z, 1, 1, slope); }
static inline float phi_selu(float z, float *slope) { return elu_of(z, 1.67326324f, 1.05070099f, slope); }

// The normal distribution by Abramowitz and Stegun, 7.1.26.
static inline float phi_gelu(float z, float *slope) {
    float x = absolute(z) * 0.707106781f, t = 1 / (1 + 0.3275911f * x), bell = exponential(-x * x);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    float tail = 0.5f * p * t * bell, below = z > 0 ? 1 - tail : tail;
    *slope = below + z * bell * 0.398942280f;
    return z * below;
}

static inline float phi_silu(float z, float *slope) {
    float flat, share = phi_sigmoid(z, &flat);
    *slope = share + z * flat;
    return z * share;
}

static inline float phi_softplus(float z, float *slope) {
    float flat, decay = exponential(-absolute(z));
    *slope = phi_sigmoid(z, &flat);
    return (z < 0 ? 0 : z) + log_of_1_plus(decay);
}

#define EACH(row, name)                                                             \
    case row:                                                                       \
        for (int i = 0; i < BATCH; i++) h[i] = flushed(phi_##name(z[i], slope + i)); \
        break;

static void activate(int activation, const float *z, float *restrict h, float *restrict slope) {
    switch (activation) {
        EACH(0, sigmoid)
        EACH(1, tanh)
        EACH(2, relu)
        EACH(3, leaky_relu)
        EACH(4, elu)
        EACH(5, selu)
        EACH(6, gelu)
        EACH(7, silu)
        EACH(8, softplus)
        EACH(9, linear)
    }
}

// ---- Random numbers: Threefry-2x32 in 20 rounds (Salmon et al. 2011), counters and keys as in course.probes.draws.

typedef struct {
    u32 high, low;
} pair;

static inline u32 turned(u32 word, int by) { return word << by | word >> (32 - by); }

static inline pair mixed(pair x, int a, int b, int c, int d) {
    x.high += x.low, x.low = x.high ^ turned(x.low, a);
    x.high += x.low, x.low = x.high ^ turned(x.low, b);
    x.high += x.low, x.low = x.high ^ turned(x.low, c);
    x.high += x.low, x.low = x.high ^ turned(x.low, d);
    return x;
}

static inline pair threefry(pair key, pair x) {
    u32 keys[3] = {key.high, key.low, key.high ^ key.low ^ 0x1BD11BDA};
    x.high += keys[0], x.low += keys[1];
    x = mixed(x, 13, 15, 26, 6), x.high += keys[1], x.low += keys[2] + 1;
    x = mixed(x, 17, 29, 16, 24), x.high += keys[2], x.low += keys[0] + 2;
    x = mixed(x, 13, 15, 26, 6), x.high += keys[0], x.low += keys[1] + 3;
    x = mixed(x, 17, 29, 16, 24), x.high += keys[1], x.low += keys[2] + 4;
    x = mixed(x, 13, 15, 26, 6), x.high += keys[2], x.low += keys[0] + 5;
    return x;
}

static inline pair child(pair key, u32 number) { return threefry(key, (pair){0, number}); }

static void fill(float *out, int count, pair key, float low, float high, int normal) {
    for (int i = 0; i < count; i++) {
        pair word = threefry(key, (pair){0, (u32)i});
        float share = of_bits((word.high ^ word.low) >> 9 | 0x3f800000) - 1, x = share * (high - low) + low;
        out[i] = x < low ? low : x;
    }
    if (!normal) return;
    for (int i = 0; i < count; i++) out[i] = 1.41421356f * inverse_erf(out[i]);
}

static void transpose(float *to, const float *from, int rows, int across) {
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < across; column++) to[column * rows + row] = from[row * across + column];
}

// The directions are the second thing that a seed decides beside the weights, and normal.
void WEB(draw_directions)(u32 seed, float low, float high) {
    pair beside = child(child((pair){0, seed}, 0), 1);
    fill(columns, BATCH * width, beside, low, high, 1);
    transpose(directions, columns, BATCH, width);
}

// Gram and Schmidt on the columns, twice each: Q of the QR decomposition whose R has a positive diagonal.
static void orthogonalize(float *matrix) {
#pragma clang fp reassociate(on)
    transpose(columns, matrix, width, width);
    for (int column = 0; column < width; column++) {
        float *one = columns + column * width, square = 0;
        for (int other = 0; other < 2 * column; other++) {
            const float *earlier = columns + other % column * width;
            float along = 0;
            for (int i = 0; i < width; i++) along += one[i] * earlier[i];
            along /= width;
            for (int i = 0; i < width; i++) one[i] -= along * earlier[i];
        }
        for (int i = 0; i < width; i++) square += one[i] * one[i];
        float scale = root(width / square);
        for (int i = 0; i < width; i++) one[i] *= scale;
    }
    transpose(matrix, columns, width, width);
}

// `unit` brings the numbers to variance 1, and `edge` is the greatest of them.
void WEB(draw)(u32 seed, int layer, float low, float high, int normal, float unit, float edge, int orthogonal) {
    float *w = weights(layer);
    fill(w, width * width, child((pair){0, seed}, layer + 1), low, high, normal);
    if (orthogonal) orthogonalize(w);
    for (int i = 0; i < width * width; i++) w[i] = w[i] * unit > edge ? edge : w[i] * unit < -edge ? -edge : w[i] * unit;
}

// ---- The passes.

// out[r][c] = sum over k of a[r * row + k * term] b[k][c], for as many rows and `terms` terms, and BATCH columns c; with
// `upper`, only where c is not far below r. With `tiny` numbers, sums are flushed to 0 as they grow.
static inline void multiply_with(
    float *out, const float *a, int row, int term, const float *b, int rows, int terms, int upper, int tiny
) {
    for (int r = 0; r < rows; r += 4) {
        for (int c = upper ? r & ~7 : 0; c < BATCH; c += 8) {
            f4 sum[4][2] = {0};
            for (int k = 0; k < terms; k++) {
                f4 left = *(const f4 *)(b + k * BATCH + c), right = *(const f4 *)(b + k * BATCH + c + 4);
                for (int i = 0; i < 4; i++) {
                    float factor = a[(r + i) * row + k * term];
                    f4 factors = {factor, factor, factor, factor};
                    sum[i][0] += factors * left;
                    sum[i][1] += factors * right;
                    if (tiny)
                        for (int j = 0; j < 8; j++) sum[i][j / 4][j % 4] = flushed(sum[i][j / 4][j % 4]);
                }
            }
            for (int i = 0; i < 4; i++)
                for (int half = 0; half < 2; half++) *(f4 *)(out + (r + i) * BATCH + c + 4 * half) = sum[i][half];
        }
    }
}

static void multiply(float *out, const float *a, int row, int term, const float *b, double rms) {
    if (rms < 1e-34)
        multiply_with(out, a, row, term, b, width, width, 0, 1);
    else
        multiply_with(out, a, row, term, b, width, width, 0, 0);
}

typedef struct {
    double mean, square;
} moments;

static moments moments_of(const float *values) {
#pragma clang fp reassociate(on)
    double sum = 0, square = 0;
    for (int i = 0; i < width * BATCH; i++) {
        double value = values[i];
        sum += value, square += value * value;
    }
    return (moments){sum / (width * BATCH), square / (width * BATCH)};
}

// What rounding alone makes of equal numbers is no variance.
static double variance_of(moments of) {
    double variance = of.square - of.mean * of.mean;
    return variance < 1e-6 * of.square ? 0 : variance;
}

static double rms_of(const float *values) { return __builtin_sqrt(moments_of(values).square); }

static void count_values(u32 *bins, const float *h, float low, float high, int rows) {
    float per_bin = BINS / (high - low);
    for (int bin = 0; bin < BINS; bin++) bins[bin] = 0;
    for (int unit = 0; unit < width; unit++)
        for (int i = 0; i < rows; i++) {
            float place = (h[unit * BATCH + i] - low) * per_bin;
            if (place == place) bins[place < 0 ? 0 : place > BINS - 1 ? BINS - 1 : (int)place]++;
        }
}

// Slopes smaller than `flat` are saturated; activations of the first `rows` examples are counted in bins.
void WEB(forward)(int layer, float std, int activation, float flat, float low, float high, int rows) {
    float *h = activations(layer), *slope = slopes(layer);
    int saturated = 0, dead = 0;
    multiply(sums, weights(layer), 1, width, activations(layer - 1), layer ? statistics[layer - 1][H_RMS] : 1);
    for (int i = 0; i < width * BATCH; i++) sums[i] = flushed(flushed(sums[i]) * std);
    for (int unit = 0; unit < width; unit++) {
        int here = 0, start = unit * BATCH;
        activate(activation, sums + start, h + start, slope + start);
        for (int i = 0; i < BATCH; i++) here += absolute(slope[start + i]) < flat;
        saturated += here, dead += here == BATCH;
    }
    moments of_h = moments_of(h);
    double *row = statistics[layer];
    row[Z_VARIANCE] = variance_of(moments_of(sums));
    row[H_MEAN] = of_h.mean, row[H_RMS] = __builtin_sqrt(of_h.square);
    row[SATURATED] = (double)saturated / BATCH / width, row[DEAD] = (double)dead / width;
    count_values(counts[layer], h, low, high, rows);
}

// The products of every two examples, and the examples' sums, of numbers scaled by `scale`.
static void multiply_pairs(float *out, const float *values, float scale, float *totals) {
    for (int i = 0; i < BATCH; i++) totals[i] = 0;
    for (int i = 0; i < width * BATCH; i++) scaled[i] = values[i] * scale;
    for (int i = 0; i < width * BATCH; i++) totals[i % BATCH] += scaled[i];
    multiply_with(out, scaled, 1, BATCH, scaled, BATCH, width, 1, 0);
}

static double unit_of(double rms) { return rms < 1e-37 ? 1e-37 : rms; }

// The variance of the weight gradients, sums over examples of h g: their squares are sums over pairs of examples of
// (h · h')(g · g'), which is less work. In JAX they are in float32, and so have its range.
static double weight_gradient_variance(const float *h, double rms_h, const float *g, double rms_g) {
    float total_h[BATCH], total_g[BATCH];
    double count = (double)width * width, unit = unit_of(rms_h) * unit_of(rms_g);
    moments of = {0, 0};
    multiply_pairs(products[0], h, 1 / unit_of(rms_h), total_h);
    multiply_pairs(products[1], g, 1 / unit_of(rms_g), total_g);
    for (int i = 0; i < BATCH; i++) {
        of.mean += (double)total_h[i] * total_g[i] / count;
        for (int j = i; j < BATCH; j++)
            of.square += (j > i ? 2 : 1) * (double)products[0][i * BATCH + j] * products[1][i * BATCH + j] / count;
    }
    double std = __builtin_sqrt(variance_of(of)) * unit;
    return std > GREATEST ? INFINITE : std < SMALLEST ? 0 : std * std;
}

// From the last layer down to 0.
void WEB(backward)(int layer, int depth, float std) {
    float *g = layer == depth - 1 ? directions : gradients[layer % 2], *next = gradients[(layer + 1) % 2];
    moments of_g = moments_of(g);
    double rms = __builtin_sqrt(of_g.square), rms_below = layer ? statistics[layer - 1][H_RMS] : rms_of(input);
    statistics[layer][GRADIENT] = variance_of(of_g);
    statistics[layer][WEIGHT_GRADIENT] = weight_gradient_variance(activations(layer - 1), rms_below, g, rms);
    if (layer == 0) return;
    multiply(next, weights(layer), width, 1, g, rms);
    const float *slope = slopes(layer - 1);
    for (int i = 0; i < width * BATCH; i++) next[i] = flushed(flushed(flushed(next[i]) * std) * slope[i]);
}
