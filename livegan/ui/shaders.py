"""GLSL shaders: the vertex shader of one quad, and fragment shaders for picture, idle scene and panels."""

QUAD = """
attribute vec2 a_corner;            // -1..1
varying vec2 v_at;                  // 0..1, (0, 0) is the top left as in the picture
void main() {
    v_at = vec2(a_corner.x * 0.5 + 0.5, 0.5 - a_corner.y * 0.5);
    gl_Position = vec4(a_corner, 0.0, 1.0);
}
"""

# The same where the corners of the picture are moved: OpenGL's division by w interpolates as perspective asks.
MAPPED_QUAD = """
attribute vec2 a_corner;            // -1..1
uniform mat3 u_place;               // what is shown, 0..1 -> clip coordinates
uniform mat3 u_texture;             // what is shown -> texture
uniform vec4 u_content;             // its place before the corners are moved: left, top, width, height
uniform vec2 u_margin;              // by how much the quad is larger
varying vec2 v_at;                  // in the texture
varying vec2 v_shown;               // in what is shown, 0..1
varying vec2 v_content;             // in the window before its corners are moved, 0..1
void main() {
    v_shown = 0.5 + 0.5 * a_corner * vec2(1.0, -1.0) * (1.0 + u_margin);
    v_content = u_content.xy + v_shown * u_content.zw;
    v_at = (u_texture * vec3(v_shown, 1.0)).xy;
    vec3 place = u_place * vec3(v_shown, 1.0);
    gl_Position = vec4(place.xy, 0.0, place.z);
}
"""

# Smooth borders of a mapped picture, and soft edges whose light adds up where two projectors overlap.
MASK = """
varying vec2 v_shown;
varying vec2 v_content;
uniform vec4 u_blend;               // widths of the soft edges: left, top, right, bottom
uniform float u_gamma;              // of the projector
float border(vec2 at) {
    vec2 across = dFdx(at), down = dFdy(at);
    vec2 pixel = sqrt(across * across + down * down);
    vec2 away = min(at, 1.0 - at) / max(pixel, 1e-9) + 0.5;
    return clamp(min(away.x, away.y), 0.0, 1.0);
}
float soft(float at, float width) {
    float t = clamp(at / max(width, 1e-6), 0.0, 1.0);
    return t * t * (3.0 - 2.0 * t);
}
void main() {
    draw_picture();
    float light = soft(v_shown.x, u_blend.x) * soft(v_shown.y, u_blend.y)
        * soft(1.0 - v_shown.x, u_blend.z) * soft(1.0 - v_shown.y, u_blend.w);
    gl_FragColor.rgb *= pow(light, 1.0 / u_gamma) * min(border(v_shown), border(v_content));
}
"""


def masked(fragment: str) -> str:
    """A fragment shader whose picture has the borders and soft edges of `MASK`; goes with `MAPPED_QUAD`."""
    return fragment.replace("void main()", "void draw_picture()") + MASK


LINEAR = """
varying vec2 v_at;
uniform sampler2D u_picture;
uniform float u_light;              // 0 black .. 1 as it is
uniform float u_share;              // of this picture over what is drawn already
void main() {
    gl_FragColor = vec4(texture2D(u_picture, v_at).rgb * u_light, u_share);
}
"""

# Catmull and Rom's cubic (1974), its sixteen texels fetched as nine by letting the sampler mix neighbours.
CUBIC = """
varying vec2 v_at;
uniform sampler2D u_picture;
uniform vec2 u_size;                // of the picture [texels]
uniform float u_light;
uniform float u_share;
vec3 pick(float x, float y) { return texture2D(u_picture, vec2(x, y)).rgb; }
void main() {
    vec2 at = v_at * u_size;
    vec2 centre = floor(at - 0.5) + 0.5;
    vec2 f = at - centre;
    vec2 w0 = f * (-0.5 + f * (1.0 - 0.5 * f));
    vec2 w1 = 1.0 + f * f * (-2.5 + 1.5 * f);
    vec2 w2 = f * (0.5 + f * (2.0 - 1.5 * f));
    vec2 w3 = f * f * (-0.5 + 0.5 * f);
    vec2 w12 = w1 + w2;
    vec2 t0 = (centre - 1.0) / u_size;
    vec2 t12 = (centre + w2 / w12) / u_size;
    vec2 t3 = (centre + 2.0) / u_size;
    vec3 sum = w0.y * (w0.x * pick(t0.x, t0.y) + w12.x * pick(t12.x, t0.y) + w3.x * pick(t3.x, t0.y))
        + w12.y * (w0.x * pick(t0.x, t12.y) + w12.x * pick(t12.x, t12.y) + w3.x * pick(t3.x, t12.y))
        + w3.y * (w0.x * pick(t0.x, t3.y) + w12.x * pick(t12.x, t3.y) + w3.x * pick(t3.x, t3.y));
    gl_FragColor = vec4(clamp(sum, 0.0, 1.0) * u_light, u_share);
}
"""

# The idle scene: folds of silk in the dark, by sines that displace each other (domain warping), with a little grain so
# that it shows no bands. Bass opens the folds, level lights them, an onset sends a ring of light out from the middle.
IDLE = """
varying vec2 v_at;
uniform float u_time;               // [s], slower in silence
uniform float u_light;
uniform float u_share;
uniform float u_aspect;             // width / height of the window
uniform float u_level;              // of the music, like bass, onset and beat 0 .. 1
uniform float u_bass;
uniform float u_onset;
uniform float u_beat;
void main() {
    vec2 p = (v_at - 0.5) * vec2(u_aspect, 1.0) * 2.0;
    float far = length(p);
    vec2 q = p * (1.5 - 0.3 * u_bass) + vec2(0.04, -0.03) * u_time;
    vec2 fold = vec2(0.0);
    for (int i = 1; i <= 4; i++) {
        float k = float(i);
        fold = sin(q.yx * (0.7 + 0.55 * k) + vec2(0.19, -0.15) * u_time + vec2(1.3, 4.1) * k);
        q += (0.62 + 0.2 * u_bass) / k * fold;
    }
    float sheet = 0.5 + 0.5 * sin(1.6 * q.x + 1.1 * q.y);
    float edge = 1.0 - abs(sin(0.9 * q.x - 1.3 * q.y + 0.11 * u_time));
    edge = edge * edge * edge * edge;
    float drift = 0.5 + 0.5 * sin(0.07 * u_time + 0.8 * p.x + fold.x);
    vec3 silk = mix(vec3(0.06, 0.21, 0.34), vec3(0.36, 0.10, 0.32), drift);
    vec3 night = mix(vec3(0.050, 0.028, 0.085), vec3(0.020, 0.052, 0.095), 0.5 + 0.5 * fold.y);
    vec3 rim = mix(vec3(0.16, 0.42, 0.50), vec3(0.62, 0.26, 0.22), drift);
    float lit = 0.6 + 0.5 * u_level + 0.15 * u_beat;
    vec3 colour = night * (0.8 + 0.6 * u_bass) + silk * sheet * (0.3 + 0.7 * sheet) * lit;
    colour += rim * edge * (0.15 + 0.85 * sheet) * (0.4 + 0.5 * u_level);
    float ring = far - 1.5 * (1.0 - u_onset);
    colour += rim * 0.30 * u_onset * exp(-22.0 * ring * ring);
    colour *= 1.0 - 0.55 * smoothstep(0.6, 2.2, far);
    float grain = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453) - 0.5;
    gl_FragColor = vec4((colour + grain / 160.0) * u_light, u_share);
}
"""

# Painted elsewhere, its colours already multiplied by their alpha.
PANEL = """
varying vec2 v_at;
uniform sampler2D u_panel;
uniform float u_alpha;
void main() {
    gl_FragColor = texture2D(u_panel, v_at) * u_alpha;
}
"""
