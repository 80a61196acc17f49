/** @file The shaders: one ray per pixel instead of a sphere mesh, so that lines are straight and the poles are exact. */
import { type Projection, projections } from "../../kernel-lib/panorama/projections.js";

/** The kind of picture: a plane of columns and rows, or six faces. */
export type Source = "plane" | "cube";

/** Draws one triangle over the whole screen. */
export const vertexShader = `
in vec3 position;
out vec2 screen;
uniform vec4 lens; // scale and offset of the screen's points
void main() {
  screen = position.xy * lens.xy + lens.zw;
  gl_Position = vec4(position.xy, 0.0, 1.0);
}`;

/**
 * GLSL of a point's direction. In the flat projection the plane is moved to the view's middle, and `over` is the distance past a pole or an open
 * picture's far side.
 */
const DIRECTION = {
  turned: "vec3 direction() { return camera * ray(screen); }",
  flat: `vec3 direction() {
  vec2 q = mat2(cos(middle.z), -sin(middle.z), sin(middle.z), cos(middle.z)) * screen + middle.xy;
  over = max(abs(q.y) - PI * 0.5, wraps == 1 ? 0.0 : abs(q.x) - PI);
  return ray(vec2(q.x, clamp(q.y, -PI * 0.5, PI * 0.5)));
}`,
} as const;

/**
 * Draws one ray per pixel. A plane is sampled by a Catmull-Rom filter if a texel is larger than a pixel (small models paint small panoramas),
 * else by mipmaps. The derivative of the heading is taken without its jump at ±180°, so that the seam of a closed panorama has no line of
 * blurred texels. Outside the picture its edge is extended, increasingly blurred, and fades into the background over FADE.
 */
export const fragmentShader = (projection: Projection, source: Source): string => `
precision highp float;
in vec2 screen;
out vec4 colour;
uniform mat3 camera;       // camera space to the panorama's
uniform vec3 middle;       // heading, pitch and roll, radians
uniform vec3 background;
uniform int wraps;         // 1: right edge continues at the left
const float PI = 3.14159265358979;
const float FADE = 0.16;   // radians
float over = 0.0;

vec3 ray(vec2 q) { ${projections[projection].glsl} }
${projections[projection].ray ? DIRECTION.turned : DIRECTION.flat}
${source === "cube" ? CUBE : PLANE}
void main() {
  vec3 seen = look(normalize(direction()));
  colour = vec4(mix(seen, background, smoothstep(0.0, FADE * 0.25, over)), 1.0);
}`;

/** GLSL of a cube. Faces have the order and orientation of WebGL's cube maps: in our space (x right, y up, z ahead) they are seen from inside. */
const CUBE = `
uniform samplerCube faces;
vec3 look(vec3 d) { return texture(faces, d).rgb; }`;

const PLANE = `
uniform sampler2D picture;
uniform vec2 texels;       // of the picture
uniform vec2 extent;       // horizontal and vertical, radians
uniform float anisotropy;  // maximum number of texels in a row that the texture filter averages
uniform float centre;      // pitch of the picture's middle row, radians
uniform int cylinder;      // 1: rows are heights on a cylinder, 0: equal steps of pitch

vec4 smoothSample(vec2 uv) {
  vec2 at = uv * texels - 0.5;
  vec2 f = fract(at);
  vec2 base = floor(at) + 0.5;
  vec2 w0 = f * (-0.5 + f * (1.0 - 0.5 * f));
  vec2 w1 = 1.0 + f * f * (-2.5 + 1.5 * f);
  vec2 w2 = f * (0.5 + f * (2.0 - 1.5 * f));
  vec2 w3 = f * f * (-0.5 + 0.5 * f);
  vec2 mid = w1 + w2;
  vec2 p0 = (base - 1.0) / texels, p1 = (base + w2 / mid) / texels, p2 = (base + 2.0) / texels;
  return textureLod(picture, vec2(p0.x, p0.y), 0.0) * w0.x * w0.y + textureLod(picture, vec2(p1.x, p0.y), 0.0) * mid.x * w0.y
    + textureLod(picture, vec2(p2.x, p0.y), 0.0) * w3.x * w0.y + textureLod(picture, vec2(p0.x, p1.y), 0.0) * w0.x * mid.y
    + textureLod(picture, vec2(p1.x, p1.y), 0.0) * mid.x * mid.y + textureLod(picture, vec2(p2.x, p1.y), 0.0) * w3.x * mid.y
    + textureLod(picture, vec2(p0.x, p2.y), 0.0) * w0.x * w3.y + textureLod(picture, vec2(p1.x, p2.y), 0.0) * mid.x * w3.y
    + textureLod(picture, vec2(p2.x, p2.y), 0.0) * w3.x * w3.y;
}

vec3 look(vec3 d) {
  float heading = atan(d.x, d.z);
  float pitch = atan(d.y, length(d.xz));
  float height = cylinder == 1 ? d.y / max(length(d.xz), 1e-6) : pitch - centre;
  float full = cylinder == 1 ? 2.0 * tan(extent.y * 0.5) : extent.y;
  vec2 uv = vec2(heading / extent.x, height / full) + 0.5;

  vec2 dx = dFdx(vec2(heading, height)), dy = dFdy(vec2(heading, height));
  dx.x -= 2.0 * PI * round(dx.x / (2.0 * PI));
  dy.x -= 2.0 * PI * round(dy.x / (2.0 * PI));
  vec2 scale = 1.0 / vec2(extent.x, full);
  // Near a pole a pixel spans many columns. Their number is limited to what the filter averages without blurring across rows.
  float rows = max(1.0, max(length(dFdx(d)), length(dFdy(d))) * texels.y / full);
  float columns = max(abs(dx.x), abs(dy.x)) * scale.x * texels.x;
  float fewer = min(1.0, anisotropy * rows / max(columns, 1e-6));
  dx.x *= fewer;
  dy.x *= fewer;
  float reach = max(length(dx * scale * texels), length(dy * scale * texels));
  vec3 inside = reach < 1.0 ? clamp(smoothSample(uv).rgb, 0.0, 1.0) : textureGrad(picture, uv, dx * scale, dy * scale).rgb;

  float beside = wraps == 1 ? 0.0 : abs(heading) - extent.x * 0.5;
  float beyond = max(max(beside, abs(pitch - centre) - extent.y * 0.5), 0.0);
  if (beyond > 0.0) {
    float blur = min(log2(1.0 + beyond / extent.y * texels.y), log2(texels.y) - 1.0);
    vec3 edge = textureLod(picture, uv, blur).rgb;
    inside = mix(edge, background, smoothstep(0.0, FADE, beyond));
  }
  return inside;
}`;
